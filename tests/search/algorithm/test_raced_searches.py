"""A search by racing or within a budget, on every hierarchy."""

from __future__ import annotations

from contests import Panel
from hypothesis import given, settings
from hypothesis import strategies as st
from searches import BEAMS, THRESHOLDS, Images, evaluated, kept, problems, search, shuffled, summary

from diffex_cli.core.hierarchy import Corpus
from diffex_cli.search.algorithm import algorithms
from diffex_cli.search.algorithm.algorithms import Algorithm, Rules


@settings(deadline=None)
@given(problem=problems(), algorithm=st.sampled_from(("beam", "paper")), beam=BEAMS, delta=THRESHOLDS)
def test_a_race_measures_nothing_twice_and_never_more_than_all(
    problem: tuple[Corpus, dict[str, list[float]]], algorithm: Algorithm, beam: int, delta: float
) -> None:
    corpus, deltas = problem
    panel = Panel(deltas)
    trace = search(corpus, panel, algorithm=algorithm, beam=beam, delta=delta, racing=True)
    assert len(panel.asked) == len(set(panel.asked)) <= len(panel.images) * len(list(corpus.walk()))
    for one in trace.ranking:
        assert one.standing is not None
        if one.status == "kept":
            assert one.standing.complete
    # four images begin a race, so that one on no more of them decides as the search without does
    plain = search(corpus, Images(deltas), algorithm=algorithm, beam=beam, delta=delta)
    assert kept(trace) == kept(plain)
    assert evaluated(trace) == evaluated(plain)


@settings(deadline=None)
@given(problem=problems(), beam=BEAMS, delta=THRESHOLDS, budget=st.integers(0, 60))
def test_a_budget_is_never_exceeded_and_a_second_time_everything_is_the_same(
    problem: tuple[Corpus, dict[str, list[float]]], beam: int, delta: float, budget: int
) -> None:
    corpus, deltas = problem
    traces = []
    for _ in range(2):
        panel = Panel(deltas)
        rules = Rules("beam", beam, delta)
        trace = algorithms.search(corpus, panel, rules, budget=lambda _, panel=panel: budget - len(panel.asked))
        traces.append(summary(trace))
        assert len(panel.asked) <= budget
    assert repr(traces[0]) == repr(traces[1])


@settings(deadline=None)
@given(problem=problems(), beam=BEAMS, delta=THRESHOLDS, patience=st.integers(1, 3))
def test_a_search_that_is_interrupted_at_any_point_goes_on_to_the_same_trace(
    problem: tuple[Corpus, dict[str, list[float]]], beam: int, delta: float, patience: int
) -> None:
    corpus, deltas = problem
    whole = Panel(deltas)
    expected = summary(search(corpus, whole, beam=beam, delta=delta, racing=True))
    memory: dict[tuple[str, int], float] = {}
    asked = []
    for attempt in range(1000):
        panel = Panel(deltas, memory, patience * (attempt + 1))
        try:
            resumed = summary(search(corpus, panel, beam=beam, delta=delta, racing=True))
        except KeyboardInterrupt:
            asked += panel.asked
            continue
        asked += panel.asked
        break
    assert repr(resumed) == repr(expected)
    assert sorted(asked) == sorted(whole.asked)


@settings(deadline=None)
@given(problem=problems(), beam=BEAMS, delta=THRESHOLDS, data=st.data())
def test_the_order_of_siblings_does_not_matter_to_a_race(
    problem: tuple[Corpus, dict[str, list[float]]], beam: int, delta: float, data: st.DataObject
) -> None:
    corpus, deltas = problem
    first, second = (
        summary(search(each, Panel(deltas), beam=beam, delta=delta, racing=True))
        for each in (corpus, Corpus("test", shuffled(corpus.roots, data.draw)))
    )
    assert repr(first) == repr(second)
