"""Searches of which a verifier sees the edits, with editors of which it is known what they do wrong."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pipeline import SILENT, settings

from diffex_cli.artifacts.finished_search import FinishedSearch
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.birds import samples
from diffex_cli.birds.editor import RenderEditor
from diffex_cli.birds.renderer import render
from diffex_cli.classifiers.opened import open_classifier
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.hierarchy import Candidate
from diffex_cli.core.registry import parse_spec
from diffex_cli.core.settings import Settings
from diffex_cli.corpus import corpus
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.measure import edit, score, verify
from diffex_cli.measure.session import Backends
from diffex_cli.report.finished import read_finished
from diffex_cli.report.reading import read_report_data
from diffex_cli.search import search

IMAGES = 10
HIERARCHY = """\
schema: diffex.corpus/1
domain: birds
nodes:
- name: head
  children:
  - name: crest
    children: [{name: tall crest}, {name: short crest}, {name: no crest}]
  - name: head color
    children: [{name: white head}, {name: red head}, {name: black head}]
- name: tail
  children: [{name: long tail}, {name: forked tail}]
- name: hat
  placebo: true
"""
CREST = "birds:panel-single-no-tall-crest"
"""−3 where the crest is tall; nothing else counts."""
BIRDS = {"domain": "birds", "images": None, "n_images": IMAGES, "editor": "render:birds"}


class Leaky(RenderEditor):
    """Draws a tall crest wherever it is asked for a white head."""

    fingerprint = "leaky"

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        birds = samples.records()
        for one, request in zip(super().edit(images, requests, seed), requests, strict=True):
            if any(term.prompt == "white head" for term in request.candidate.terms):
                both = birds[request.image].with_values(head="white", crest="tall")
                yield EditResult(one.key, "ok", render(both), 0.0)
            else:
                yield one


class Idle(RenderEditor):
    """Cannot draw a tall crest."""

    fingerprint = "idle"

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        def drawable(request: EditRequest) -> EditRequest:
            terms = tuple(term for term in request.candidate.terms if term.prompt != "tall crest")
            return EditRequest(request.key, request.image, Candidate(terms))

        yield from super().edit(images, [drawable(request) for request in requests], seed)


def made(root: Path, **changes: Any) -> Settings:
    values = {**BIRDS, "classifier": CREST, "target": "yes", "algorithm": "exhaustive", "verifier": "birds:probe"}
    (root / "hierarchy.yaml").write_text(HIERARCHY)
    found = settings(root, **{**values, **changes})
    corpus.run(found, SILENT)
    return found


def run(of: Settings, editor: type[RenderEditor] = RenderEditor) -> search.SearchSummary:
    return search.run(of, SILENT, backends=Backends(editor=editor(parse_spec("render:birds"))))


@pytest.fixture(scope="module")
def faithful(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, search.SearchSummary]:
    of = made(tmp_path_factory.mktemp("faithful"))
    return of, run(of)


def test_a_group_is_measured_by_the_edits_of_its_members(faithful: tuple[Settings, search.SearchSummary]) -> None:
    of, _ = faithful
    directory = RunDirectory(of.run)
    groups = {node.id for node in directory.corpus().walk() if not node.drawn}
    assert groups
    assert groups.isdisjoint({row.candidate for row in directory.edits().values()})
    finished = FinishedSearch(directory)
    crest = {row.edit for row in directory.measured() if row.candidate == "head/crest"}
    assert crest <= {row.edit for row in directory.measured() if row.candidate.startswith("head/crest/")}
    assert all(finished.edit(image, finished.candidates["head/crest"]) is not None for image in finished.images)


def test_a_group_is_followed_for_one_of_its_members_without_further_edits(tmp_path: Path) -> None:
    of = made(tmp_path, algorithm="beam", delta=0.9, n_images=36)
    found = {row.candidate: row for row in run(of).ranking}
    assert found["head"].reason.startswith("reach 0.691 is below δ = 0.9; followed for 'tall crest', which moves ")
    assert found["head/crest/tall-crest"].status == "kept"
    assert not any(id.startswith(("head/head-color/", "tail/")) for id in found), "no member of theirs moves anything"


def test_its_verifier_was_tested_before(faithful: tuple[Settings, search.SearchSummary]) -> None:
    trust = read_report_data(faithful[0].run).trust
    assert trust is not None
    assert trust.test is not None
    assert (trust.spec, trust.test.verdict, trust.test.nonsense_read) == ("birds:probe", "passed", 0)
    assert trust.review is None


def test_what_an_image_shows_already_is_not_edited_and_changes_nothing(
    faithful: tuple[Settings, search.SearchSummary],
) -> None:
    of, summary = faithful
    tall = next(row for row in summary.ranking if row.name == "tall crest")
    birds = samples.records()
    shown = {image.image for image in RunDirectory(of.run).images() if birds[image.image].crest == "tall"}
    rows = [row for row in RunDirectory(of.run).measured() if row.candidate == tall.candidate]
    assert {row.image for row in rows if row.shown} == shown
    assert tall.shown == len(shown) > 0
    assert {row.asked for row in rows if row.shown} == {row.change for row in rows if row.shown} == {0.0}
    assert tall.n == IMAGES
    edited = {row.image for row in RunDirectory(of.run).edits().values() if row.candidate == tall.candidate}
    assert edited == {row.image for row in rows} - shown


def test_the_ranking_and_the_single_changes_agree(faithful: tuple[Settings, search.SearchSummary]) -> None:
    of, summary = faithful
    rows = RunDirectory(of.run).measured()
    finished = read_finished(of.run)
    for ranked in summary.ranking:
        own = [row for row in rows if row.candidate == ranked.candidate]
        assert ranked.effect == pytest.approx(np.mean([row.change for row in own]))
        if not finished.nodes[
            ranked.candidate
        ].children:  # a group that was opened is the mean of more edits than the one of its row
            assert ranked.effect_asked == pytest.approx(np.mean([row.asked for row in own]))
        deltas = finished.measurements[ranked.candidate].deltas
        assert deltas == pytest.approx({row.image: row.change for row in own}, abs=1e-5)


def test_faithful_edits_land_and_keep_their_effect(faithful: tuple[Settings, search.SearchSummary]) -> None:
    _, summary = faithful
    assert {row.landed for row in summary.ranking if row.name == "tall crest"} == {1.0}
    for row in summary.ranking:
        assert row.effect == pytest.approx(row.effect_asked, abs=0.1)
    assert {row.landed for row in summary.ranking if row.placebo} == {None}


def test_a_second_time_it_does_nothing(faithful: tuple[Settings, search.SearchSummary]) -> None:
    of, first = faithful
    again = run(of)
    assert (again.made, again.up_to_date, again.ranking) == (0, True, first.ranking)


def test_what_leaks_is_not_put_down_to_what_was_asked_for(tmp_path: Path) -> None:
    summary = run(made(tmp_path), Leaky)
    white = next(row for row in summary.ranking if row.name == "white head")
    tall = next(row for row in summary.ranking if row.name == "tall crest")
    assert white.effect_asked is not None
    assert white.effect_asked < -1
    assert abs(white.effect) < 0.35
    assert tall.effect < -1
    assert summary.ranking[0].candidate == tall.candidate
    assert summary.best == tall.candidate
    as_asked = run(made(tmp_path, effects="asked"), Leaky)
    assert next(row for row in as_asked.ranking if row.name == "white head").effect == white.effect_asked


@pytest.mark.parametrize("economy", [{"racing": True}, {"max_edits": 110}])
def test_within_a_budget_or_a_race_effects_are_adjusted_at_the_end(tmp_path: Path, economy: dict[str, Any]) -> None:
    of = made(tmp_path, algorithm="beam", beam=2, joint=2, **economy)
    summary = run(of, Leaky)
    white, tall = (next(row for row in summary.ranking if row.name == name) for name in ("white head", "tall crest"))
    assert white.effect_asked is not None
    assert abs(white.effect) < 0.5 * abs(white.effect_asked)
    assert tall.effect < -1
    assert summary.edits <= economy.get("max_edits", math.inf)
    kept = [row for row in summary.ranking if row.status == "kept"]
    assert kept
    assert all(row.influence >= of.delta and row.reason.startswith("influence") for row in kept)
    rows = RunDirectory(of.run).measured()
    for ranked in summary.ranking:
        known = [row.change for row in rows if row.candidate == ranked.candidate and np.isfinite(row.change)]
        assert not known or ranked.effect == pytest.approx(np.mean(known))
    assert run(of, Leaky).up_to_date
    as_asked = run(dataclasses.replace(of, effects="asked"), Leaky)
    assert next(row for row in as_asked.ranking if row.name == "white head").effect == white.effect_asked


def test_what_an_editor_cannot_draw_is_not_tested(tmp_path: Path) -> None:
    summary = run(made(tmp_path), Idle)
    tall = next(row for row in summary.ranking if row.name == "tall crest")
    assert (tall.landed, tall.claim, tall.passed) == (0.0, "not tested", False)
    assert tall.landed_high is not None
    assert tall.landed_high < 0.5


def test_without_a_verifier_everything_is_edited_and_believed(tmp_path: Path) -> None:
    summary = run(made(tmp_path, verifier="none", max_depth=0), Leaky)
    assert {row.landed for row in summary.ranking} == {row.effect_asked for row in summary.ranking} == {None}
    assert {row.shown for row in summary.ranking} == {None}


def test_a_beam_search_again_with_what_it_has_seen_ends(tmp_path: Path) -> None:
    of = made(tmp_path, algorithm="beam", beam=2)
    first = run(of, Leaky)
    again = run(of, Leaky)
    assert (again.made, again.up_to_date, again.ranking) == (0, True, first.ranking)
    assert first.best is not None
    assert first.best.startswith("head/crest")


def test_the_loop_without_filling_finds_the_same(
    tmp_path: Path, faithful: tuple[Settings, search.SearchSummary]
) -> None:
    of = made(tmp_path)
    for _ in range(8):
        try:
            found = search.run(of, SILENT, fill=False)
            break
        except IncompleteError:
            edit.run(of, SILENT, requests=True)
            score.run(of, SILENT)
            verify.run(of, SILENT)
    # the size of a batch changes a logit's last bits
    expected = {
        row.candidate: (row.status, row.landed, pytest.approx(row.effect, abs=1e-3)) for row in faithful[1].ranking
    }
    assert {row.candidate: (row.status, row.landed, row.effect) for row in found.ranking} == expected
    assert verify.run(of, SILENT).seen == 0
    assert verify.plan(of).to_do == 0


def test_a_loop_in_which_nobody_looks_ends(tmp_path: Path) -> None:
    of = made(tmp_path)
    with pytest.raises(IncompleteError, match="run `diffex verify`"):
        search.run(of, SILENT, fill=False)
    edit.run(of, SILENT, requests=True)
    score.run(of, SILENT)
    with pytest.raises(UsageError, match="in a loop, after `diffex score`"):
        search.run(of, SILENT, fill=False)


def test_verify_needs_a_verifier(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give --verifier SPEC"):
        verify.run(made(tmp_path, verifier="none"), SILENT)


def test_the_classifier_is_what_it_is_said_to_be() -> None:
    bird = next(iter(samples.records().values()))
    pictures = [render(bird.with_values(crest=crest)) for crest in ("tall", "no")]
    logits = open_classifier(CREST).logits(pictures)[:, 1]
    assert logits[0] - logits[1] == pytest.approx(-3, abs=0.3)
