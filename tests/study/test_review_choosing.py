from __future__ import annotations

import math
from collections import Counter
from types import SimpleNamespace
from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from diffex_cli.measure.calibration import Calibration, Scale
from diffex_cli.study.review.choosing import drawn

ATTRIBUTES = [f"a{number}" for number in range(12)]
IMAGES = [f"image{number}" for number in range(8)]
EDITS: list[Any] = [
    SimpleNamespace(edit=f"{image}-{sign}{attribute}", candidate=sign + attribute)
    for image in IMAGES
    for attribute, sign in zip(ATTRIBUTES, ["", "-"] * 6, strict=True)
]


def readings(seen: int = 3) -> dict[str, dict[str, float]]:
    """One attribute in so many is seen, in originals as in edits; the last one cannot be told."""
    found = {}
    for row, subject in enumerate([*IMAGES, *(one.edit for one in EDITS)]):
        found[subject] = {
            one: 0.9 if (row + row // 5 + column) % seen == 0 else 0.1 for column, one in enumerate(ATTRIBUTES)
        }
        found[subject][ATTRIBUTES[-1]] = math.nan
    return found


def test_half_is_seen_half_is_edited_and_all_attributes_have_their_turn() -> None:
    chosen = drawn(readings(), IMAGES, EDITS, ATTRIBUTES, 36, 0)
    kinds = Counter((one.seen, one.subject in IMAGES) for one in chosen)
    assert set(kinds.values()) == {9}
    assert len(kinds) == 4
    attributes = Counter(one.attribute for one in chosen)
    assert set(attributes) == set(ATTRIBUTES[:-1])
    assert max(attributes.values()) <= 4
    assert all(one.attribute in one.subject for one in chosen if one.subject not in IMAGES), "what it was asked for"


def test_what_counts_as_seen_is_as_the_search_takes_it() -> None:
    calibration = Calibration({"a0": Scale(threshold=0.95), "a1": Scale(threshold=0.05)}, placebos=20)
    found = drawn(readings(), IMAGES, EDITS, ATTRIBUTES, 10**6, 0, calibration)
    seen = {
        name: {(one.probability, one.seen) for one in found if one.attribute == name} for name in ("a0", "a1", "a2")
    }
    assert seen["a0"] == {(0.9, False), (0.1, False)}
    assert seen["a1"] == {(0.9, True), (0.1, True)}
    assert seen["a2"] == {(0.9, True), (0.1, False)}


def test_the_seed_fixes_the_draw() -> None:
    one, same, other = (drawn(readings(), IMAGES, EDITS, ATTRIBUTES, 36, seed) for seed in (0, 0, 1))
    assert one == same != other
    again = drawn(readings(), IMAGES[::-1], EDITS[::-1], ATTRIBUTES[::-1], 36, 0)
    assert again == one, "whatever the order of files and of the hierarchy"


@given(wanted=st.integers(1, 60), seen=st.integers(1, 40), images=st.integers(0, 8), edits=st.integers(0, 96))
def test_what_there_is_is_taken_once_and_balanced_as_far_as_it_goes(
    wanted: int, seen: int, images: int, edits: int
) -> None:
    found = drawn(readings(seen), IMAGES[:images], EDITS[:edits], ATTRIBUTES, wanted, 0)
    everything = drawn(readings(seen), IMAGES[:images], EDITS[:edits], ATTRIBUTES, 10**6, 0)
    assert len(found) == len({(one.subject, one.attribute) for one in found}) == min(wanted, len(everything))
    assert not any(math.isnan(one.probability) for one in everything)
    there = Counter(one.seen for one in everything)
    shown = Counter(one.seen for one in found)
    assert min(shown[True], shown[False]) >= min(wanted // 2, there[True], there[False])
