"""No contest exceeds its cap, and an interrupted one goes on to the same trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from contests import Panel
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from searches import (
    BEAMS,
    RACED,
    THRESHOLDS,
    Deltas,
    Images,
    Problem,
    full,
    images_of,
    panels,
    problems,
    run,
    search,
    summary,
    tree,
)  # fmt: skip

from diffex_cli.search.algorithm.algorithms import Algorithm
from diffex_cli.search.algorithm.contest import Request


@settings(deadline=None, max_examples=50)
@given(problem=panels(), algorithm=RACED, beam=BEAMS, delta=THRESHOLDS, budget=st.none() | st.integers(0, 200))
def test_no_contest_takes_more_edits_than_the_exhaustive_search_or_its_cap(
    problem: Problem, algorithm: Algorithm, beam: int, delta: float, budget: int | None
) -> None:
    corpus, deltas = problem
    panel = Panel(deltas)
    trace = run(problem, panel, algorithm, beam, delta, budget)
    everything = images_of(deltas) * len(list(corpus.walk()))
    assert len(panel.asked) == len(set(panel.asked)) <= (everything if budget is None else min(budget, everything))
    for level in trace.levels:
        edits = sum(one.standing.images for one in level.evaluations if one.standing is not None)
        assert edits <= images_of(deltas) * len(level.evaluations)


@settings(deadline=None, max_examples=30)
@given(problem=panels(), algorithm=RACED, beam=BEAMS, delta=THRESHOLDS, budget=st.none() | st.integers(0, 200))
@example((tree("a/x", "b"), {"a": [1.0] * 12, "a/x": [2.0] * 12, "b": [0.0, 0.1] * 6}), "beam", 1, 0.1, None)
def test_a_contest_interrupted_at_any_question_goes_on_to_the_same_trace(
    problem: Problem, algorithm: Algorithm, beam: int, delta: float, budget: int | None
) -> None:
    _, deltas = problem
    whole = Panel(deltas)
    expected = full(run(problem, whole, algorithm, beam, delta, budget))
    for patience in range(len(whole.batches)):
        memory: dict[tuple[str, int], float] = {}
        interrupted = Panel(deltas, memory, patience)
        try:
            run(problem, interrupted, algorithm, beam, delta, budget)
        except KeyboardInterrupt:
            assert len(memory) < len(whole.asked)
        else:
            raise AssertionError("it was not interrupted")
        resumed = Panel(deltas, memory)
        assert full(run(problem, resumed, algorithm, beam, delta, budget)) == expected
        # what was made before is not made again
        assert sorted([*interrupted.asked, *resumed.asked]) == sorted(whole.asked)


@settings(deadline=None, max_examples=50)
@given(problem=problems(), algorithm=st.sampled_from(("beam", "paper", "exhaustive")), beam=BEAMS, delta=THRESHOLDS)
def test_a_search_interrupted_at_any_node_goes_on_to_the_same_trace(
    problem: Problem, algorithm: Algorithm, beam: int, delta: float
) -> None:
    corpus, deltas = problem
    asked: list[str] = []
    expected = summary(search(corpus, Images(deltas, asked), algorithm=algorithm, beam=beam, delta=delta))
    for patience in range(len(asked)):
        made: dict[str, list[float]] = {}
        again: list[str] = []
        try:
            search(corpus, Remembering(deltas, made, patience, again), algorithm=algorithm, beam=beam, delta=delta)
        except KeyboardInterrupt:
            assert len(made) == patience
        resumed = search(corpus, Remembering(deltas, made, -1, again), algorithm=algorithm, beam=beam, delta=delta)
        assert repr(summary(resumed)) == repr(expected)
        assert sorted(again) == sorted(asked)


class Remembering(Images):
    """Makes what is not made yet, candidate by candidate, until its patience ends."""

    def __init__(self, deltas: Deltas, made: dict[str, list[float]], patience: int, asked: list[str]) -> None:
        super().__init__(deltas)
        self.made, self.patience, self.asked = made, patience, asked

    def measure(self, requests: Sequence[Request]) -> Mapping[str, NDArray[np.float64]]:
        for id, _ in requests:
            if id in self.made:
                continue
            if len(self.made) == self.patience:
                raise KeyboardInterrupt
            self.asked.append(id)
            self.made[id] = list(self.deltas[id])
        return {id: np.array(self.made[id])[list(images)] for id, images in requests}
