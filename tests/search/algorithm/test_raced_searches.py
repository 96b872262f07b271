"""A search by racing or within a budget, on every hierarchy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from contests import Panel
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from searches import BEAMS, THRESHOLDS, Deltas, evaluated, evaluator, kept, problems, shuffled, summary

from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.search.algorithm.algorithms import Algorithm, RaceLevel, Trace, search
from diffex_cli.search.algorithm.contest import Outcome, Request
from diffex_cli.search.algorithm.levels import race_level


def racer(
    deltas: Deltas, algorithm: Algorithm, beam: int, delta: float, asked: list[tuple[str, int]], order: Sequence[int],
    max_edits: int | None = None,
) -> RaceLevel:  # fmt: skip
    def measure(requests: Sequence[Request]) -> dict[str, NDArray[np.float64]]:
        asked.extend((id, image) for id, images in requests for image in images)
        return {id: np.array([deltas[id][image] for image in images]) for id, images in requests}

    def race(frontier: Sequence[tuple[Node, float | None]], depth: int) -> Outcome:
        left = None if max_edits is None else max_edits - len(asked)
        return race_level(frontier, order, measure, algorithm=algorithm, beam=beam, delta=delta, max_edits=left)

    return race


@settings(deadline=None)
@given(problem=problems(), algorithm=st.sampled_from(("beam", "paper")), beam=BEAMS, delta=THRESHOLDS)
def test_a_race_measures_nothing_twice_and_never_more_than_all(
    problem: tuple[Corpus, dict[str, list[float]]], algorithm: Algorithm, beam: int, delta: float
) -> None:
    corpus, deltas = problem
    images = range(len(next(iter(deltas.values()))))
    asked: list[tuple[str, int]] = []
    trace = search(
        corpus, evaluator(deltas), algorithm=algorithm, beam=beam, delta=delta,
        race=racer(deltas, algorithm, beam, delta, asked, images),
    )  # fmt: skip
    assert len(asked) == len(set(asked)) <= len(images) * len(list(corpus.walk()))
    for one in trace.ranking:
        assert one.standing is not None
        if one.status == "kept":
            assert one.standing.complete
    # four images begin a race, so that one on no more of them decides as the search without does
    plain = search(corpus, evaluator(deltas), algorithm=algorithm, beam=beam, delta=delta)
    assert kept(trace) == kept(plain)
    assert evaluated(trace) == evaluated(plain)


@settings(deadline=None)
@given(problem=problems(), beam=BEAMS, delta=THRESHOLDS, budget=st.integers(0, 60))
def test_a_budget_is_never_exceeded_and_a_second_time_everything_is_the_same(
    problem: tuple[Corpus, dict[str, list[float]]], beam: int, delta: float, budget: int
) -> None:
    corpus, deltas = problem
    images = range(len(next(iter(deltas.values()))))
    traces = []
    for _ in range(2):
        asked: list[tuple[str, int]] = []
        race = racer(deltas, "beam", beam, delta, asked, images, budget)
        traces.append(summary(search(corpus, evaluator(deltas), beam=beam, delta=delta, race=race)))
        assert len(asked) <= budget
    assert repr(traces[0]) == repr(traces[1])


@settings(deadline=None)
@given(problem=problems(), beam=BEAMS, delta=THRESHOLDS, patience=st.integers(1, 3))
def test_a_search_that_is_interrupted_at_any_point_goes_on_to_the_same_trace(
    problem: tuple[Corpus, dict[str, list[float]]], beam: int, delta: float, patience: int
) -> None:
    corpus, deltas = problem
    order = range(len(next(iter(deltas.values()))))

    def with_panel(panel: Panel) -> Trace:
        def race(frontier: Sequence[tuple[Node, float | None]], depth: int) -> Outcome:
            return race_level(frontier, order, panel, algorithm="beam", beam=beam, delta=delta)

        return search(corpus, evaluator(deltas), beam=beam, delta=delta, race=race)

    whole = Panel(deltas)
    expected = summary(with_panel(whole))
    memory: dict[tuple[str, int], float] = {}
    asked = []
    for attempt in range(1000):
        panel = Panel(deltas, memory, patience * (attempt + 1))
        try:
            resumed = summary(with_panel(panel))
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
    order = range(len(next(iter(deltas.values()))))
    traces = []
    for each in (corpus, Corpus("test", shuffled(corpus.roots, data.draw))):
        race = racer(deltas, "beam", beam, delta, [], order)
        traces.append(summary(search(each, evaluator(deltas), beam=beam, delta=delta, race=race)))
    assert repr(traces[0]) == repr(traces[1])
