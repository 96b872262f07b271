"""What edits changed besides, from readings before and after."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.report.leaks import Attributes, Leak, Made, besides, leaked
from diffex_cli.verifiers.base import Readings

NAMES = {
    "head": "head",
    "head/white": "white head",
    "head/red": "red head",
    "crest": "crest",
    "crest/tall": "tall crest",
    "eye": "eye",
}


def leaks(edits: Iterable[Made], readings: Readings, exclusive: Sequence[Sequence[str]] = ()) -> tuple[Leak, ...]:
    return leaked(besides(edits, readings, Attributes(NAMES, exclusive)))


def found(
    candidate: str,
    *pictures: tuple[dict[str, float], dict[str, float]],
    exclusive: Sequence[Sequence[str]] = (),
) -> dict[str, tuple[float, int]]:
    edits: list[Made] = []
    readings: dict[str, dict[str, float]] = {}
    for i, (before, after) in enumerate(pictures):
        edits.append(Made(candidate, f"before-{i}", f"after-{i}"))
        readings |= {f"before-{i}": before, f"after-{i}": after}
    return {one.id: (one.share, one.n) for one in leaks(edits, readings, exclusive)}


def test_what_crosses_a_half_either_way_leaked() -> None:
    one = ({"crest/tall": 0.9, "eye": 0.2}, {"crest/tall": 0.1, "eye": 0.3})
    other = ({"crest/tall": 0.1, "eye": 0.2}, {"crest/tall": 0.5, "eye": 0.1})
    still = ({"crest/tall": 0.1}, {"crest/tall": 0.2})
    assert found("head/white", one, other, still) == {"crest/tall": (2 / 3, 3)}


def test_what_was_asked_for_its_groups_and_what_is_below_it_are_no_leaks() -> None:
    everything = (dict.fromkeys(NAMES, 0.0), dict.fromkeys(NAMES, 1.0))
    assert set(found("crest", everything)) == {"head", "head/white", "head/red", "eye"}
    assert set(found("head/white + eye", everything)) == {"head/red", "crest", "crest/tall"}


def test_a_sibling_that_makes_room_is_expected_and_one_that_comes_along_is_not() -> None:
    goes, comes = ({"head/red": 0.9}, {"head/red": 0.1}), ({"head/red": 0.1}, {"head/red": 0.9})
    assert found("head/white", goes) == {}
    assert found("head/white", goes, comes) == {"head/red": (0.5, 2)}
    assert found("-head/white", comes) == {}
    assert found("-head/white", goes) == {"head/red": (1.0, 1)}
    # roots are of different features
    assert found("crest", ({"eye": 0.9}, {"eye": 0.1})) == {"eye": (1.0, 1)}


def test_what_the_verifier_says_of_an_attribute_counts_for_more_than_the_tree() -> None:
    goes = ({"head/red": 0.9, "crest/tall": 0.9}, {"head/red": 0.1, "crest/tall": 0.1})
    # a white head cannot be seen beside a tall crest, but beside a red one
    assert found("head/white", goes, exclusive=[["crest/tall", "head/white"]]) == {"head/red": (1.0, 1)}
    assert found("head/white", goes, exclusive=[["crest/tall", "eye"]]) == {"crest/tall": (1.0, 1)}
    assert found("head/white", goes, exclusive=[["head/red", "head/white", "crest/tall"]]) == {}


def test_what_was_read_and_never_changed_is_known_and_no_leak() -> None:
    edits = [Made("head/white", "a", "b")]
    read = {
        "a": {"eye": 0.1, "head/red": 0.1, "crest/tall": 0.9},
        "b": {"eye": 0.2, "head/red": 0.6, "crest/tall": 0.1},
    }
    told = besides(edits, read, Attributes(NAMES, (), {"crest"}))
    assert [(one.id, one.share, one.kin, one.protected) for one in told] == [
        ("crest/tall", 1.0, False, True),
        ("head/red", 1.0, True, False),
        ("eye", 0.0, False, False),
    ]
    assert [one.id for one in leaked(told)] == ["crest/tall", "head/red"]
    # Wilson's interval of 1 of 1
    assert (told[0].low, told[0].high) == pytest.approx((0.2065, 1.0), abs=1e-4)


def test_what_was_not_read_on_both_sides_counts_nowhere() -> None:
    unknown = ({"eye": math.nan}, {"eye": 0.9})
    assert found("crest", unknown, ({}, {"eye": 0.9}), ({"eye": 0.0}, {"eye": 1.0})) == {"eye": (1.0, 1)}
    assert found("crest", ({"gone": 0.0}, {"gone": 1.0})) == {}
    assert leaks([Made("crest", "a", "b")], {}) == ()


@given(
    st.lists(st.dictionaries(st.sampled_from(sorted(NAMES)), st.sampled_from([0.0, 0.5, 1.0, math.nan])), max_size=6)
)
def test_shares_are_of_what_was_read_and_the_most_frequent_comes_first(read: list[dict[str, float]]) -> None:
    readings = {str(i): one for i, one in enumerate(read)}
    edits = [Made("head/white", str(i), str(i + 1)) for i in range(len(read) - 1)]
    told = leaks(edits, readings)
    assert [one.share for one in told] == sorted((one.share for one in told), reverse=True)
    assert all(0 < one.share <= 1 and one.n <= len(edits) for one in told)
    assert leaks(reversed(edits), readings) == told
    assert not {"head", "head/white"} & {one.id for one in told}
    assert all(isinstance(one, Leak) and one.name == NAMES[one.id] for one in told)
