"""Hierarchies, deltas and searches on them, for the tests."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.search.algorithm import algorithms
from diffex_cli.search.algorithm.algorithms import Algorithm, Level, Panel, Rules, Trace
from diffex_cli.search.algorithm.contest import Request
from diffex_cli.search.algorithm.levels import level_budget

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


class Images:
    """A panel that answers from a table, and says which candidates it was asked for."""

    def __init__(self, deltas: Deltas, seen: list[str] | None = None) -> None:
        self.deltas = deltas
        self.seen = [] if seen is None else seen
        self.images = [f"image {i}" for i in range(images_of(deltas))]
        self.order: Sequence[int] = range(len(self.images))

    def measure(self, requests: Sequence[Request]) -> Mapping[str, NDArray[np.float64]]:
        self.seen.extend(id for id, _ in requests)
        return {id: np.array([self.deltas[id][image] for image in images], np.float64) for id, images in requests}


def search(
    corpus: Corpus, panel: Panel, *, probe: int = 0, on_level: Callable[[Level], None] | None = None, **rules: Any
) -> Trace:
    """A search by rules that are the default but for these, without a look below groups."""
    return algorithms.search(corpus, panel, Rules(probe=probe, **rules), on_level=on_level)


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


def images_of(deltas: Deltas) -> int:
    return len(next(iter(deltas.values()), ()))


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


def run(problem: Problem, panel: Panel, algorithm: Algorithm, beam: int, delta: float, max_edits: int | None) -> Trace:
    """A race, or within a budget that is shared out among the levels as the stage does."""
    corpus, _ = problem
    spent = 0

    def budget(depth: int) -> int | None:
        return None if max_edits is None else level_budget(corpus, depth, None, max_edits - spent)

    def spend(level: Level) -> None:
        nonlocal spent
        spent += sum(one.standing.images for one in level.evaluations if one.standing is not None)

    rules = Rules(algorithm, beam, delta, racing=True, probe=0)
    return algorithms.search(corpus, panel, rules, budget=budget, on_level=spend)


def full(trace: Trace) -> list[str]:
    """All that a trace says, NaN included, but for the single images."""
    rows = iter(summary(trace))
    return [
        repr((next(rows), one.expanded, one.standing and (one.standing.images, one.standing.decided)))
        for level in trace.levels
        for one in level.evaluations
    ]
