"""Racing: what it saves, what it says, and what must hold for every panel."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from contests import Panel, best, contests, images_of, score, summary
from hypothesis import given, settings
from hypothesis import strategies as st

from diffex_cli.search.algorithm.contest import Entrant, Outcome
from diffex_cli.search.algorithm.racing import race
from diffex_cli.search.statistics.confidence import radius

KEEP = st.one_of(st.none(), st.integers(1, 4))
EPSILONS = st.sampled_from([0.0, 0.1, 1.0])
Contest = tuple[list[Entrant], dict[str, list[float]]]


def noisy(mean: float, spread: float, n: int = 48) -> list[float]:
    """n values of exactly this mean and about this spread, in a fixed order without trend."""
    values = np.random.default_rng(round(1000 * (abs(mean) + spread))).normal(0, spread, n)
    return (values - values.mean() + mean).tolist()


def run(entrants: list[Entrant], table: dict[str, list[float]], **options: Any) -> tuple[Outcome, Panel]:
    panel = Panel(table)
    options = {"keep": 2, "epsilon": 0.0, **options}
    return race(entrants, range(images_of(table)), panel, **options), panel


def test_it_finds_the_strongest_and_says_why_the_others_went() -> None:
    table = {
        "strong": noisy(-2.0, 0.3),
        "good": noisy(1.5, 0.3),
        "weak": noisy(0.6, 0.3),
        "nothing": noisy(0.0, 0.01),
        "broken": [math.nan] * 48,
    }
    outcome, panel = run([Entrant(id, 0.1) for id in table], table)
    assert outcome.kept == ("strong", "good")
    assert outcome["strong"].reason == "influence 2"
    assert outcome["nothing"].images == 4
    assert outcome["nothing"].reason.startswith("dropped after 4 of 48 images: its upper bound 0.0")
    assert outcome["nothing"].reason.endswith("is below δ = 0.1")
    assert 4 <= outcome["weak"].images < 48
    assert outcome["weak"].reason.endswith("does not exceed the 1.5 of the weakest in the beam")
    assert outcome["broken"].reason == "no image could be edited"
    assert outcome.edits == len(panel.asked) < 5 * 48
    assert outcome.rounds == len(panel.batches)
    with pytest.raises(KeyError):
        outcome["unheard-of"]


def test_a_child_has_to_exceed_its_parent() -> None:
    table = {"child": noisy(0.5, 0.05), "equal": [1.0] * 48, "better": noisy(1.4, 0.05)}
    outcome, _ = run([Entrant(id, 0.1, parent=1.0) for id in table], table, keep=None)
    assert outcome.kept == ("better",)
    assert outcome["equal"].reason == "dropped after 4 of 48 images: its upper bound 1 does not exceed its parent's 1"
    assert outcome["child"].reason.endswith("does not exceed its parent's 1")


def test_reach_follows_what_cancels() -> None:
    cancelling = [1.0, -1.0] * 24
    table = {"by-reach": cancelling, "by-influence": cancelling}
    outcome, _ = run([Entrant("by-reach", 0.5, "reach"), Entrant("by-influence", 0.5)], table)
    assert outcome.kept == ("by-reach",)
    assert outcome["by-reach"].score == 1.0
    assert outcome["by-influence"].images > 4


def test_a_difference_below_epsilon_is_not_worth_an_edit() -> None:
    table = {"a": [0.6, 1.4] * 24, "b": [0.5, 1.3] * 24}
    exact, panel = run([Entrant(id, 0.1) for id in table], table, keep=1)
    assert exact.kept == ("a",)
    # both sides of the beam's edge get images
    assert panel.batches[:2] == [8, 4]
    loose, _ = run([Entrant(id, 0.1) for id in table], table, keep=1, epsilon=1.0)
    assert loose.edits < exact.edits
    (dropped,) = (one for one in loose.standings if one.status == "dropped")
    assert not dropped.decided
    assert dropped.high > loose[loose.kept[0]].low
    assert dropped.reason.startswith(
        f"dropped after {dropped.images} of 48 images: its influence 0.9 does not exceed the 1"
    )
    assert dropped.reason.endswith(f", and its upper bound {dropped.high:.3g} is within ε = 1 of that")


def test_the_interval_is_over_the_images_that_can_be_edited() -> None:
    table = {"a": [1.0, math.nan, 2.0, 3.0, *[9.0] * 6], "b": [100.0] * 10}
    outcome, _ = run([Entrant("a", 0.1), Entrant("b", 0.1, "reach")], table, keep=1)
    half_width = radius(1.0, 3, 9, 0.05)
    assert outcome["a"].images == 4
    assert (outcome["a"].low, outcome["a"].high) == pytest.approx((max(0, 2 - half_width), 2 + half_width))


def test_without_spread_it_stops_at_once() -> None:
    table = {id: [value] * 48 for id, value in {"a": 3.0, "b": -2.0, "c": 1.0, "d": 0.0}.items()}
    outcome, panel = run([Entrant(id, 0.1) for id in table], table, keep=1)
    # all begin, and the one that is kept is measured to the end
    assert panel.batches == [16, 44]
    assert outcome.kept == ("a",)
    assert all(one.decided for one in outcome.standings)


def test_no_candidates_and_wrong_parameters() -> None:
    assert race([], range(3), Panel({}), keep=1, epsilon=0.0) == Outcome((), 0, 0)
    table = {"a": [1.0, 1.0]}
    one = [Entrant("a", 0.1)]
    for wrong in ({"keep": 0}, {"epsilon": -1.0}, {"epsilon": math.nan}, {"first": 1}):
        with pytest.raises(ValueError, match="must hold"):
            run(one, table, **wrong)
    with pytest.raises(ValueError, match="candidate occurs twice"):
        run(one * 2, table)
    with pytest.raises(ValueError, match="finite δ"):
        run([Entrant("a", math.inf)], table)
    with pytest.raises(ValueError, match="each of them once"):
        race(one, [0, 0], Panel(table), keep=1, epsilon=0.0)
    with pytest.raises(ValueError, match="each of them once"):
        race(one, [], Panel(table), keep=1, epsilon=0.0)
    with pytest.raises(ValueError, match="asked for 2 deltas of 'a'"):
        race(one, [0, 1], lambda requests: {"a": np.zeros(3)}, keep=1, epsilon=0.0)


# --- what holds for every panel -----------------------------------------------------------------


@settings(deadline=None)
@given(contest=contests(), keep=KEEP, epsilon=EPSILONS)
def test_it_never_asks_twice_or_for_more_than_the_panel(contest: Contest, keep: int | None, epsilon: float) -> None:
    entrants, table = contest
    outcome, panel = run(entrants, table, keep=keep, epsilon=epsilon)
    n = images_of(table)
    assert len(panel.asked) == len(set(panel.asked)) == outcome.edits <= len(entrants) * n
    assert all(batch for batch in panel.batches)
    assert keep is None or len(outcome.kept) <= keep
    assert {one.entrant for one in outcome.standings} == set(entrants)
    for one in outcome.standings:
        tried = [image for id, image in panel.asked if id == one.entrant.id]
        # the beginning of the common order
        assert tried == list(range(one.images))
        np.testing.assert_array_equal(one.deltas[: len(tried)], table[one.entrant.id][: len(tried)])
        assert np.isnan(one.deltas[len(tried) :]).all()
        assert repr(one.score) == repr(score(one.entrant, table[one.entrant.id][: len(tried)]))
        assert one.reason
        if one.status == "kept":
            assert one.images == n
            assert one.low == one.score == one.high


@settings(deadline=None)
@given(contest=contests(), keep=KEEP, epsilon=EPSILONS)
def test_what_is_kept_beats_all_that_was_not_out_by_its_own_interval(
    contest: Contest, keep: int | None, epsilon: float
) -> None:
    entrants, table = contest
    outcome, _ = run(entrants, table, keep=keep, epsilon=epsilon)
    weakest = min((outcome[id].score for id in outcome.kept), default=math.nan)
    for one in outcome.standings:
        if one.status == "kept":
            assert not one.fails
        elif not one.out and keep is not None and len(outcome.kept) == keep:
            assert one.high <= weakest + epsilon
            assert one.decided == (one.high <= weakest)
        elif not one.out:
            assert one.fails
            assert one.high <= one.bar + epsilon


@settings(deadline=None)
@given(contest=contests(), keep=KEEP, more=st.integers(0, 3), delta=st.floats(0, 1), less=st.floats(0, 1))
def test_with_the_whole_panel_it_is_the_exhaustive_search_and_monotone(
    contest: Contest, keep: int | None, more: int, delta: float, less: float
) -> None:
    """What is kept grows with B and with a smaller δ of all. That is so on the same data: a race that stops early may
    give images to other candidates when B or δ is another, and then errs for others too."""
    entrants, table = contest
    whole = max(images_of(table), 2)

    def kept(entrants: list[Entrant], keep: int | None) -> set[str]:
        outcome, _ = run(entrants, table, keep=keep, first=whole)
        assert all(one.decided for one in outcome.standings)
        return set(outcome.kept)

    assert kept(entrants, keep) == best(entrants, table, keep)
    assert kept(entrants, keep) <= kept(entrants, None if keep is None else keep + more)
    strict = [dataclasses.replace(one, delta=delta) for one in entrants]
    lenient = [dataclasses.replace(one, delta=delta * less) for one in entrants]
    assert kept(strict, keep) <= kept(lenient, keep)


@settings(deadline=None)
@given(contest=contests(), keep=KEEP, epsilon=EPSILONS, data=st.data())
def test_the_order_of_candidates_and_images_does_not_matter(
    contest: Contest, keep: int | None, epsilon: float, data: st.DataObject
) -> None:
    entrants, table = contest
    order = data.draw(st.permutations(range(images_of(table))))
    moved = {id: [0.0] * len(order) for id in table}
    for place, image in enumerate(order):
        for id, column in table.items():
            moved[id][image] = column[place]
    shuffled = data.draw(st.permutations(entrants))
    first = race(entrants, range(len(order)), Panel(table), keep=keep, epsilon=epsilon)
    second = race(shuffled, order, Panel(moved), keep=keep, epsilon=epsilon)
    assert summary(first) == summary(second)
    assert (first.edits, first.rounds) == (second.edits, second.rounds)


@settings(deadline=None)
@given(contest=contests(), keep=KEEP, epsilon=EPSILONS, patience=st.integers(0, 6))
def test_it_can_be_resumed_at_any_point(contest: Contest, keep: int | None, epsilon: float, patience: int) -> None:
    entrants, table = contest
    expected, whole = run(entrants, table, keep=keep, epsilon=epsilon)
    memory: dict[tuple[str, int], float] = {}
    order = range(images_of(table))
    try:
        race(entrants, order, Panel(table, memory, patience), keep=keep, epsilon=epsilon)
    except KeyboardInterrupt:
        assert len(memory) < len(whole.asked)
    begun = set(memory)
    resumed = Panel(table, memory)
    assert summary(race(entrants, order, resumed, keep=keep, epsilon=epsilon)) == summary(expected)
    assert begun.isdisjoint(resumed.asked)
    assert set(memory) == set(whole.asked)
    again = Panel(table, memory)
    assert summary(race(entrants, order, again, keep=keep, epsilon=epsilon)) == summary(expected)
    assert not again.asked
