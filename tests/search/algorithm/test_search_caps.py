"""No contest exceeds its cap, and an interrupted one goes on to the same trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from contests import Panel
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from searches import BEAMS, RACED, THRESHOLDS, Problem, evaluator, full, images_of, panels, problems, run, summary, tree

from diffex_cli.core.hierarchy import Node
from diffex_cli.search.algorithm.algorithms import Algorithm, search


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
    expected = summary(search(corpus, evaluator(deltas, asked), algorithm=algorithm, beam=beam, delta=delta))
    for patience in range(len(asked)):
        made: dict[str, list[float]] = {}
        again: list[str] = []
        with_patience = remembering(deltas, made, patience, again)
        try:
            search(corpus, with_patience, algorithm=algorithm, beam=beam, delta=delta)
        except KeyboardInterrupt:
            assert len(made) == patience
        resumed = search(corpus, remembering(deltas, made, -1, again), algorithm=algorithm, beam=beam, delta=delta)
        assert repr(summary(resumed)) == repr(expected)
        assert sorted(again) == sorted(asked)


def remembering(
    deltas: Mapping[str, Sequence[float]], made: dict[str, list[float]], patience: int, asked: list[str]
) -> Callable[[Sequence[Node]], list[NDArray[np.float64]]]:
    """Makes what is not made yet, node by node, until its patience ends."""

    def evaluate(nodes: Sequence[Node]) -> list[NDArray[np.float64]]:
        for node in nodes:
            if node.id in made:
                continue
            if len(made) == patience:
                raise KeyboardInterrupt
            asked.append(node.id)
            made[node.id] = list(deltas[node.id])
        return [np.array(made[node.id]) for node in nodes]

    return evaluate
