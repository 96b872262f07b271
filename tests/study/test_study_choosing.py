"""What is drawn, and how it is spread over participants."""

from __future__ import annotations

from collections import Counter

import pytest

from diffex_cli.core.errors import UsageError
from diffex_cli.study.choosing import Choice, Edited, identify_items, joint_items, quality_items
from diffex_cli.study.wording import METHODS

CHOICES = [
    Choice(id, id.rpartition("/")[2].replace("-", " "))
    for id in (
        "head/crest/tall-crest",
        "head/crest/short-crest",
        "head/color/red-head",
        "tail/shape/long-tail",
        "tail/shape/short-tail",
        "wings/bars",
        "beak",
    )
]


def edited(candidate: str, n: int = 6, group: bool = False) -> Edited:
    name = candidate.rpartition("/")[2].replace("-", " ")
    edits = {f"image {i}": f"{candidate} on {i}" for i in range(n)}
    return Edited(candidate, name, candidate.count(" + ") + 1, group, edits)


def test_groups_come_after_finer_attributes() -> None:
    some = [edited("head", group=True), edited("beak"), edited("wings/bars")]
    assert {item.candidate for item in quality_items(some, 2, 1, 0)} == {"beak", "wings/bars"}
    assert {item.candidate for item in quality_items(some, 9, 1, 0)} == {"beak", "wings/bars", "head"}


def test_sets_are_no_items_of_quality() -> None:
    assert {item.size for item in quality_items([edited("beak"), edited("beak + wings/bars")], 9, 1, 0)} == {1}


def test_images_are_drawn_by_the_seed() -> None:
    def drawn(seed: int) -> list[str]:
        return [item.image for item in quality_items([edited("beak", 20)], 1, 3, seed)]

    assert drawn(0) == drawn(0)
    assert len(set(drawn(0))) == 3
    assert drawn(0) != drawn(1)
    places = Counter(image for seed in range(400) for image in drawn(seed))
    assert len(places) == 20
    assert all(count == pytest.approx(60, abs=30) for count in places.values())


def test_what_has_too_few_pictures_is_left_out() -> None:
    items = quality_items([edited("beak", 1), edited("wings/bars", 2)], 9, 2, 0)
    assert {item.candidate for item in items} == {"wings/bars"}
    with pytest.raises(UsageError, match=r"edits of 3 images for an attribute, and the run has 2 at most.*--per-attr"):
        quality_items([edited("beak", 1), edited("wings/bars", 2)], 9, 3, 0)


def test_joint_has_each_size_as_often_as_it_can() -> None:
    some = [edited(" + ".join("abcdef"[:size])) for size in (1, 1, 1, 2, 2, 3, 4, 5, 6)]
    sizes = Counter(item.size for item in joint_items(some, 2, 1, 0))
    assert sizes == {1: 2, 2: 2, 3: 1, 4: 1, 5: 1}


def test_joint_without_sets_says_how_to_get_some() -> None:
    with pytest.raises(UsageError, match="run `diffex search --joint 4` first"):
        joint_items([edited("beak")], 2, 1, 0)
    with pytest.raises(UsageError, match="no set of attributes has edits of 2 images"):
        joint_items([edited("beak", 2), edited("beak + tail", 1)], 2, 2, 0)


def test_identify_is_a_latin_square() -> None:
    names = ["head/crest/tall-crest", "beak"]
    items = identify_items([edited(name) for name in names], CHOICES, METHODS, 9, 2, 0)
    for turn in range(3):
        seen = [item for item in items if item.turn == turn]
        per_method = Counter((item.candidate, item.method) for item in seen)
        assert per_method == {(name, method): 2 for name in names for method in METHODS}
        # nobody sees an edit twice, which would give it away
        assert len({item.edit for item in seen}) == len(seen)
    every = Counter((item.edit, item.method) for item in items)
    assert set(every.values()) == {1}
    assert len(every) == len({item.edit for item in items}) * 3


def test_wrong_answers_are_of_other_features() -> None:
    for seed in range(30):
        items = identify_items([edited("head/crest/tall-crest")], CHOICES, METHODS, 1, 1, seed)
        (options,) = {item.options for item in items}
        assert options[0] == "tall crest"
        assert len(set(options)) == 4
        assert "short crest" not in options
        assert not {"long tail", "short tail"} <= set(options)


def test_an_attribute_is_no_wrong_answer_to_what_is_above_it() -> None:
    choices = [*CHOICES[2:], Choice("head/crest/tall-crest", "tall crest")]
    for seed in range(30):
        (item, *_) = identify_items([edited("head", group=True)], choices, METHODS, 1, 1, seed)
        assert not {"tall crest", "red head"} & set(item.options)


def test_too_few_features_are_refused() -> None:
    with pytest.raises(UsageError, match="only 1 features beside that of 'tall crest', and a choice of 4 needs 3"):
        identify_items([edited("head/crest/tall-crest")], CHOICES[:3], METHODS, 1, 1, 0)
