"""Hierarchies, deltas and searches on them, for the tests."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.search.algorithm.algorithms import Algorithm, RaceLevel, Trace, search
from diffex_cli.search.algorithm.contest import Measure, Outcome
from diffex_cli.search.algorithm.levels import level_budget, race_level

Deltas = Mapping[str, Sequence[float]]
ALGORITHMS: tuple[Algorithm, ...] = ("beam", "paper", "exhaustive")


def tree(*paths: str) -> Corpus:
    """A corpus of leaf paths; groups come into being as needed."""

    def nodes(prefix: str, level: int) -> tuple[Node, ...]:
        ids = dict.fromkeys(
            "/".join(path.split("/")[:level])
            for path in paths
            if path.startswith(prefix) and len(path.split("/")) >= level
        )
        return tuple(Node(id, id, id, children=nodes(id + "/", level + 1)) for id in ids)

    return Corpus("test", nodes("", 1))


def evaluator(deltas: Deltas, seen: list[str] | None = None) -> Callable[[Sequence[Node]], list[NDArray[np.float64]]]:
    def evaluate(nodes: Sequence[Node]) -> list[NDArray[np.float64]]:
        if seen is not None:
            seen.extend(node.id for node in nodes)
        return [np.array(deltas[node.id], dtype=np.float64) for node in nodes]

    return evaluate


def evaluated(trace: Trace) -> set[str]:
    return {one.node.id for one in trace.ranking}


def kept(trace: Trace) -> list[str]:
    return [one.node.id for one in trace.ranking if one.status == "kept"]


def reasons(trace: Trace) -> dict[str, str]:
    return {one.node.id: one.reason for one in trace.ranking}


VALUES = st.one_of(st.just(math.nan), st.integers(-3, 3).map(float), st.floats(-3, 3))


@st.composite
def problems(draw: st.DrawFn) -> tuple[Corpus, dict[str, list[float]]]:
    """A small hierarchy with deltas for every node; ties and failed edits are common."""
    n_images = draw(st.integers(1, 4))
    paths = draw(st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4), min_size=1, max_size=12))
    corpus = tree(*("/".join(path) for path in paths))
    column = st.lists(VALUES, min_size=n_images, max_size=n_images)
    return corpus, {node.id: draw(column) for node in corpus.walk()}


BEAMS = st.integers(1, 5)
THRESHOLDS = st.sampled_from([0.0, 0.1, 0.5, 1.0, 2.0])
NAMES = st.sampled_from(ALGORITHMS)


def shuffled(nodes: tuple[Node, ...], draw: Callable[..., list[Node]]) -> tuple[Node, ...]:
    return tuple(
        Node(node.id, node.name, node.prompt, children=shuffled(node.children, draw))
        for node in draw(st.permutations(nodes))
    )


def summary(trace: Trace) -> list[tuple[object, ...]]:
    return [
        (one.node.id, one.depth, one.parent, one.effect.influence if one.effect.n else None, one.status, one.reason)
        for level in trace.levels
        for one in level.evaluations
    ]


Problem = tuple[Corpus, dict[str, list[float]]]

RACED = st.sampled_from(("beam", "paper"))
UNBOUNDED = 1000


def images_of(deltas: Mapping[str, Sequence[float]]) -> int:
    return len(next(iter(deltas.values())))


@st.composite
def panels(draw: st.DrawFn) -> Problem:
    """A hierarchy on enough images for a race to end early: idle nodes, strong ones, noise and failed edits."""
    n = draw(st.integers(1, 16))
    paths = draw(st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3), min_size=1, max_size=10))
    corpus = tree(*("/".join(path) for path in paths))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    kinds = st.sampled_from([(0.0, 0.0), (0.0, 0.5), (0.7, 0.3), (-1.5, 0.3), (2.0, 0.0)])
    deltas = {}
    for node in corpus.walk():
        mean, spread = draw(kinds)
        column = mean + spread * random.normal(size=n)
        column[random.random(n) < draw(st.sampled_from([0.0, 0.0, 0.3]))] = math.nan
        deltas[node.id] = column.tolist()
    return corpus, deltas


def contested(
    corpus: Corpus, measure: Measure, order: Sequence[int], algorithm: Algorithm, beam: int, delta: float,
    max_edits: int | None,
) -> RaceLevel:  # fmt: skip
    """A race as the stage holds it, the budget shared out among the levels."""
    spent = 0

    def race(frontier: Sequence[tuple[Node, float | None]], depth: int) -> Outcome:
        nonlocal spent
        budget = None if max_edits is None else level_budget(corpus, depth, None, max_edits - spent)
        outcome = race_level(frontier, order, measure, algorithm=algorithm, beam=beam, delta=delta, max_edits=budget)
        spent += outcome.edits
        return outcome

    return race


def fail(nodes: Sequence[Node]) -> list[NDArray[np.float64]]:
    raise AssertionError("a race measures for itself")


def run(
    problem: Problem, panel: Measure, algorithm: Algorithm, beam: int, delta: float, max_edits: int | None,
    order: Sequence[int] | None = None,
) -> Trace:  # fmt: skip
    corpus, deltas = problem
    order = range(images_of(deltas)) if order is None else order
    race = contested(corpus, panel, order, algorithm, beam, delta, max_edits)
    return search(corpus, fail, algorithm=algorithm, beam=beam, delta=delta, race=race)


def full(trace: Trace) -> list[str]:
    """All that a trace says, NaN included, but for the single images."""
    rows = iter(summary(trace))
    return [
        repr((next(rows), one.expanded, one.standing and (one.standing.images, one.standing.decided)))
        for level in trace.levels
        for one in level.evaluations
    ]
