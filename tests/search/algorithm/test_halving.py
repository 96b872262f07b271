"""Sequential halving: its schedule, its budget, and what must hold for every panel."""

import math

import pytest
from contests import Panel, best, contests, images_of, summary
from hypothesis import given, settings
from hypothesis import strategies as st

from diffex_cli.search.algorithm.contest import Entrant, Outcome
from diffex_cli.search.algorithm.halving import halve

KEEP = st.one_of(st.none(), st.integers(1, 4))
Contest = tuple[list[Entrant], dict[str, list[float]]]


def test_the_schedule_of_karnin() -> None:
    table = {f"c{index}": [float(index)] * 100 for index in range(8)}
    panel = Panel(table)
    outcome = halve([Entrant(id, 0.1) for id in table], range(100), panel, keep=1, max_edits=128)
    # 8, 4, 2 and 1 candidates get 32 edits in each round
    assert panel.batches == [32, 32, 32, 32]
    assert [one.images for one in outcome.standings] == [60, 28, 12, 12, 4, 4, 4, 4]
    assert outcome.kept == ("c7",)
    assert not outcome["c7"].decided
    assert outcome["c7"].reason == "influence 7, by an estimate on 60 of 100 images"
    reason = "dropped after 28 of 100 images: its influence 6 was in the weaker half, and the budget is fixed"
    assert outcome["c6"].reason == reason
    assert outcome["c0"].reason == "dropped after 4 of 100 images: its influence 0 is below δ = 0.1"
    assert outcome["c0"].decided


def test_what_the_last_rounds_cannot_use_goes_to_the_first() -> None:
    table = {f"c{index}": [float(index)] * 10 for index in range(8)}
    panel = Panel(table)
    halve([Entrant(id, 0.1) for id in table], range(10), panel, keep=2, max_edits=60)
    # in equal shares the last two would be given 10 edits more than they have images for
    assert panel.batches == [40, 20]


def test_a_budget_below_one_edit_a_candidate_measures_nothing() -> None:
    table = {"a": [1.0], "b": [1.0]}
    panel = Panel(table)
    outcome = halve([Entrant(id, 0.1) for id in table], range(1), panel, keep=1, max_edits=1)
    assert (outcome.edits, outcome.kept, panel.asked) == (0, (), [])
    assert outcome["b"].reason == "not measured: 1 edits are not enough for 2 candidates"


@pytest.mark.parametrize("max_edits", range(8, 40))
def test_every_candidate_is_tried_before_any_goes(max_edits: int) -> None:
    table = {f"c{index}": [float(index)] * 5 for index in range(8)}
    outcome = halve([Entrant(id, 0.1) for id in table], range(5), Panel(table), keep=1, max_edits=max_edits)
    assert outcome.kept == ("c7",)
    assert all(one.images for one in outcome.standings)


def test_a_candidate_that_cannot_be_edited_leaves_the_place_to_another() -> None:
    table = {"a": [math.nan] * 4, "b": [0.2] * 4, "c": [0.05] * 4}
    outcome = halve([Entrant(id, 0.1) for id in table], range(4), Panel(table), keep=2, max_edits=11)
    assert outcome.kept == ("b",)
    assert outcome["a"].reason == "no image could be edited"


def test_no_candidates_and_wrong_parameters() -> None:
    assert halve([], range(3), Panel({}), keep=1, max_edits=0) == Outcome((), 0, 0)
    for keep, max_edits in ((0, 5), (1, -1)):
        with pytest.raises(ValueError, match="must hold"):
            halve([Entrant("a", 0.1)], [0], Panel({"a": [1.0]}), keep=keep, max_edits=max_edits)


# --- what holds for every panel -----------------------------------------------------------------


@settings(deadline=None)
@given(contest=contests(), keep=KEEP, max_edits=st.integers(0, 200))
def test_it_never_exceeds_the_budget(contest: Contest, keep: int | None, max_edits: int) -> None:
    entrants, table = contest
    panel = Panel(table)
    outcome = halve(entrants, range(images_of(table)), panel, keep=keep, max_edits=max_edits)
    assert len(panel.asked) == len(set(panel.asked)) == outcome.edits <= max_edits
    assert all(panel.batches)
    assert keep is None or len(outcome.kept) <= keep
    for one in outcome.standings:
        assert one.reason
        assert one.status == "dropped" or not one.fails
        assert one.images or max_edits < len(entrants)


@settings(deadline=None)
@given(contest=contests(), keep=KEEP, spare=st.integers(0, 20))
def test_with_budget_enough_it_is_the_exhaustive_search(contest: Contest, keep: int | None, spare: int) -> None:
    entrants, table = contest
    whole = len(entrants) * images_of(table)
    outcome = halve(entrants, range(images_of(table)), Panel(table), keep=keep, max_edits=whole + spare)
    assert outcome.edits == whole
    assert set(outcome.kept) == best(entrants, table, keep)
    assert all(one.decided for one in outcome.standings if one.status == "kept")


@settings(deadline=None)
@given(contest=contests(), keep=KEEP, max_edits=st.integers(0, 100), more=st.integers(0, 50))
def test_a_larger_budget_spends_no_less(contest: Contest, keep: int | None, max_edits: int, more: int) -> None:
    entrants, table = contest
    order = range(images_of(table))
    small = halve(entrants, order, Panel(table), keep=keep, max_edits=max_edits)
    large = halve(entrants, order, Panel(table), keep=keep, max_edits=max_edits + more)
    assert small.edits <= large.edits


@settings(deadline=None)
@given(contest=contests(), keep=KEEP, max_edits=st.integers(0, 100), data=st.data())
def test_order_and_resuming_do_not_matter(
    contest: Contest, keep: int | None, max_edits: int, data: st.DataObject
) -> None:
    entrants, table = contest
    order = data.draw(st.permutations(range(images_of(table))))
    memory: dict[tuple[str, int], float] = {}
    first = halve(entrants, order, Panel(table, memory), keep=keep, max_edits=max_edits)
    again = Panel(table, memory)
    second = halve(data.draw(st.permutations(entrants)), order, again, keep=keep, max_edits=max_edits)
    assert summary(first) == summary(second)
    assert not again.asked
