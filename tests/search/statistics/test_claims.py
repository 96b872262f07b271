"""Claims rest on evidence alone: a corrected p-value, the noise floor, the interval."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.search.statistics.claims import Finding, claim_of, findings


@dataclasses.dataclass(frozen=True)
class Row:
    candidate: str = "background/snow"
    effect: float = 1.0
    low: float = 0.5
    high: float = 1.5
    target: str = "cardinal"
    placebo: bool = False
    p_corrected: float | None = 0.01
    below_floor: bool | None = False
    landed: float | None = None


IDS = ("a", "a/b", "a/b/c", "a/b/d", "a/e", "f", "f/g", "-a", "-a/b", "a/b + f/g")
figures = st.floats(-3, 3, allow_nan=False).map(lambda x: round(x, 3))


@st.composite
def rows(draw: st.DrawFn, id: str = "a") -> Row:
    effect, below, above = draw(figures), abs(draw(figures)), abs(draw(figures))
    return Row(
        candidate=id,
        effect=effect,
        low=effect - below,
        high=effect + above,
        placebo=draw(st.booleans()),
        p_corrected=draw(st.sampled_from([None, 0.001, 0.05, 0.051, 1.0])),
        below_floor=draw(st.sampled_from([None, False, True])),
    )


@st.composite
def rankings(draw: st.DrawFn) -> list[Row]:
    return [draw(rows(id)) for id in draw(st.permutations(IDS)) if draw(st.booleans())]


@pytest.mark.parametrize(
    ("changes", "claim"),
    [
        ({}, "matters"),
        ({"effect": -1.0, "low": -1.5, "high": -0.5}, "matters"),
        ({"p_corrected": 0.051}, "undecided"),
        ({"p_corrected": None}, "undecided"),
        ({"below_floor": True}, "undecided"),
        ({"below_floor": None}, "matters"),
        ({"low": -0.01}, "undecided"),
        ({"low": math.nan, "high": math.nan}, "undecided"),
        ({"effect": 0.09, "low": 0.05, "high": 0.2}, "undecided"),
        ({"effect": 0.05, "low": 0.02, "high": 0.09}, "small"),
        ({"effect": 0.0, "low": 0.0, "high": 0.0, "p_corrected": 1.0}, "small"),
        ({"effect": 0.0, "low": -0.2, "high": 0.05, "p_corrected": 1.0}, "undecided"),
        ({"placebo": True}, None),
        ({"effect": math.nan}, None),
    ],
)
def test_what_can_be_said(changes: dict[str, object], claim: str | None) -> None:
    assert claim_of(dataclasses.replace(Row(), **changes), delta=0.1) == claim  # type: ignore[arg-type]


@given(rows(), st.floats(0.01, 2))
def test_a_claim_is_symmetric_in_direction(row: Row, delta: float) -> None:
    mirrored = dataclasses.replace(row, effect=-row.effect, low=-row.high, high=-row.low)
    assert claim_of(mirrored, delta) == claim_of(row, delta)


@given(rows(), st.floats(0.01, 2), st.floats(1, 3))
def test_a_larger_delta_never_adds_what_matters_and_never_takes_what_is_small(
    row: Row, delta: float, more: float
) -> None:
    first, second = claim_of(row, delta), claim_of(row, delta * more)
    assert not (second == "matters" and first != "matters")
    assert not (first == "small" and second != "small")


@given(rows())
def test_what_matters_is_never_small_even_without_a_threshold(row: Row) -> None:
    assert claim_of(row, 0.0) != "small"


def test_a_member_that_does_what_its_group_does_is_the_finding() -> None:
    land = Row("background/land", effect=2.76, low=1.76, high=3.47)
    snow = Row("background/land/snow", effect=2.77, low=1.34, high=3.42)
    top = Row("background", effect=1.99, low=0.8, high=2.71)
    red = Row("head/red", effect=0.68, low=0.33, high=1.15)
    assert findings([land, snow, top, red], 0.1) == (
        Finding("background/land/snow", ("background", "background/land")),
        Finding("head/red"),
    )


def test_a_weaker_member_suffices_if_its_interval_contains_the_groups_effect() -> None:
    group, member = Row("a", effect=1.0), Row("a/b", effect=0.9, low=0.7, high=1.1)
    assert findings([group, member], 0.1) == (Finding("a/b", ("a",)),)
    weak = dataclasses.replace(member, effect=0.4, low=0.2, high=0.6)
    assert findings([group, weak], 0.1) == (Finding("a"), Finding("a/b"))


def test_a_member_of_the_opposite_direction_does_not_stand_for_its_group() -> None:
    group, member = Row("a", effect=1.0), Row("a/b", effect=-2.0, low=-3.0, high=-1.0)
    assert findings([group, member], 0.1) == (Finding("a/b"), Finding("a", mixture=True))


def test_a_group_that_its_members_do_not_bear_out_comes_last() -> None:
    group, unclear = Row("a", effect=3.0), Row("a/b", effect=1.0, low=-1.0, high=3.0)
    other = Row("c", effect=0.5)
    assert findings([group, unclear, other], 0.1) == (Finding("c"), Finding("a", mixture=True))
    assert findings([group, other], 0.1) == (Finding("a"), Finding("c"))  # nobody has looked into it
    weak = Row("a/b", effect=1.0, low=0.5, high=1.5)
    assert findings([group, weak, other], 0.1) == (Finding("a"), Finding("a/b"), Finding("c"))
    against = Row("a/d", effect=-1.0, low=-1.5, high=-0.5)
    assert findings([group, weak, against, other], 0.1)[-1] == Finding("a", mixture=True)


def test_a_member_that_moves_another_class_does_not_stand_for_its_group() -> None:
    group, member = Row("a", effect=1.0), Row("a/b", effect=2.0, low=1.0, high=3.0, target="jay")
    assert findings([group, member], 0.1) == (Finding("a/b"), Finding("a"))


@given(rankings(), st.floats(0.01, 2), st.randoms())
def test_every_attribute_that_matters_is_in_one_finding_in_whatever_order_they_come(
    ranking: list[Row], delta: float, random: object
) -> None:
    found = findings(ranking, delta)
    named = [id for one in found for id in (one.candidate, *one.because)]
    matter = [row.candidate for row in ranking if claim_of(row, delta) == "matters" and " + " not in row.candidate]
    assert sorted(named) == sorted(matter)
    shuffled = ranking.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert findings(shuffled, delta) == found
    for one in found:
        assert all(one.candidate.startswith(f"{group}/") for group in one.because)
