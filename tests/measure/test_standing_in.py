"""Which edit stands for a candidate on an image."""

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffex_cli.artifacts import corpus_yaml
from diffex_cli.core import domains
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Corpus, Node, directed, grouped
from diffex_cli.measure.standing_in import StandIns

BIRDS = corpus_yaml.read_corpus(domains.corpus_file("birds"))
IMAGES = tuple(f"image-{k}" for k in range(48))


def corpus(group: str = "members") -> Corpus:
    colours = tuple(Node(f"beak/{one}", f"{one} beak", f"{one} beak") for one in ("red", "black", "yellow"))
    return Corpus(
        "birds", (Node("beak", "beak", "beak", children=colours, group=group), Node("crest", "crest", "crest"))
    )


def stand_ins(given: Corpus, readings: dict[str, dict[str, float]] | None = None, seed: int = 0) -> StandIns:
    return StandIns(given, IMAGES, seed, readings or {})


def test_every_member_gets_about_as_many_images_in_both_halves_of_a_holdout() -> None:
    found = stand_ins(BIRDS)
    for node in BIRDS.walk():
        if not node.drawn:
            counts = Counter(found.member(node, image).id for image in IMAGES)
            assert set(counts) == {one.id for one in node.members}
            assert max(counts.values()) - min(counts.values()) <= 2


def test_a_group_gets_the_member_of_the_group_above_where_that_is_one_of_its_own() -> None:
    found = stand_ins(BIRDS)
    for node in BIRDS.walk():
        for child in node.children:
            for image in IMAGES:
                above = found.member(node, image)
                if above.id.startswith(f"{child.id}/") and not child.drawn:
                    assert found.member(child, image) == above


@settings(max_examples=10)
@given(st.permutations(IMAGES), st.integers(0, 3))
def test_the_order_of_the_images_changes_nothing(images: list[str], seed: int) -> None:
    found = (StandIns(BIRDS, images, seed, {}), stand_ins(BIRDS, seed=seed))
    first, second = ([[one.member(node, image).id for image in IMAGES] for node in BIRDS.roots] for one in found)
    assert first == second


def test_words_of_its_own_stand_for_a_group_that_says_so() -> None:
    beak = corpus("words").roots[0]
    assert all(stand_ins(corpus("words")).candidate(beak.candidate, image) == beak.candidate for image in IMAGES)
    assert beak.members == corpus().roots[0].members
    assert grouped(corpus("words"), "members") == corpus()
    assert grouped(corpus(), "corpus") == corpus()


@pytest.mark.parametrize(
    ("reading", "edited"), [(0.9, False), (0.5, False), (0.4, True), (math.nan, True), (None, True)]
)
def test_what_the_image_shows_already_is_not_added(reading: float | None, edited: bool) -> None:
    crest = corpus().roots[1].candidate
    readings = {} if reading is None else {"image-0": {"crest": reading}}
    assert stand_ins(corpus(), readings).candidate(crest, "image-0") == (crest if edited else RECONSTRUCTION)


@pytest.mark.parametrize(("reading", "edited"), [(0.9, True), (0.4, False), (math.nan, True)])
def test_what_the_image_does_not_show_is_not_removed(reading: float, edited: bool) -> None:
    gone = directed(corpus(), "remove")
    crest = gone.roots[1].candidate
    found = stand_ins(gone, {"image-0": {"crest": reading}}).candidate(crest, "image-0")
    assert found == (crest if edited else RECONSTRUCTION)


def test_the_member_that_is_shown_is_the_one_that_is_removed() -> None:
    gone = directed(corpus(), "remove")
    readings = {image: {"beak/red": 0.1, "beak/black": 0.8, "beak/yellow": 0.6} for image in IMAGES}
    found = {stand_ins(gone, readings).candidate(gone.roots[0].candidate, image).id for image in IMAGES}
    assert found == {"-beak/black"}


def test_of_a_set_only_what_is_not_shown_is_edited() -> None:
    beak, crest = corpus().roots[0].children[0].candidate, corpus().roots[1].candidate
    both = Candidate((*beak.terms, *crest.terms))
    shown = {"image-0": {"crest": 0.9}, "image-1": {"crest": 0.9, "beak/red": 0.9}}
    found = stand_ins(corpus(), shown)
    assert [found.candidate(both, f"image-{k}") for k in range(3)] == [beak, RECONSTRUCTION, both]


def test_the_reconstruction_is_the_reconstruction() -> None:
    assert stand_ins(corpus()).candidate(RECONSTRUCTION, "image-0") == RECONSTRUCTION
