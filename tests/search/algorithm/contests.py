"""Panels of deltas to race on, for the tests of everything that races."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from diffex_cli.search.algorithm.contest import Entrant, Outcome, Request

Table = Mapping[str, Sequence[float]]
"""Candidate → its Δ on every image."""

VALUES = st.one_of(st.just(math.nan), st.integers(-2, 2).map(float), st.floats(-3, 3))


class Panel:
    """Answers from a table, and remembers what it was asked; with a memory, nothing is looked up twice."""

    def __init__(
        self,
        table: Table,
        memory: dict[tuple[str, int], float] | None = None,
        patience: int = -1,
        order: Sequence[int] | None = None,
    ) -> None:
        self.table = table
        self.images = [f"image {i}" for i in range(images_of(table))]
        self.order = range(len(self.images)) if order is None else order
        self.measure = self.__call__
        self.memory = memory
        self.patience = patience
        self.asked: list[tuple[str, int]] = []
        self.batches: list[int] = []

    def __call__(self, requests: Sequence[Request]) -> Mapping[str, NDArray[np.float64]]:
        assert len({id for id, _ in requests}) == len(requests)
        if self.patience == 0:
            raise KeyboardInterrupt
        self.patience -= 1
        self.batches.append(sum(len(images) for _, images in requests))
        return {id: np.array([self._look_up(id, image) for image in images]) for id, images in requests}

    def _look_up(self, id: str, image: int) -> float:
        if self.memory is None:
            self.asked.append((id, image))
            return self.table[id][image]
        if (id, image) not in self.memory:
            self.asked.append((id, image))
            self.memory[id, image] = self.table[id][image]
        return self.memory[id, image]


@st.composite
def contests(draw: st.DrawFn, images: int = 20) -> tuple[list[Entrant], dict[str, list[float]]]:
    """Up to eight candidates on up to so many images; ties, failed edits and constant columns are common."""
    n = draw(st.integers(1, images))
    entrants = []
    table = {}
    for index in range(draw(st.integers(1, 8))):
        id = f"c{index}"
        parent = draw(st.one_of(st.none(), st.floats(0, 1.5)))
        entrants.append(
            Entrant(id, draw(st.sampled_from([0.0, 0.1, 0.5])), draw(st.sampled_from(["influence", "reach"])), parent)
        )
        constant = st.floats(-2, 2).map(lambda value: [value] * n)
        table[id] = draw(st.one_of(constant, st.lists(VALUES, min_size=n, max_size=n)))
    return entrants, table


def images_of(table: Table) -> int:
    return len(next(iter(table.values()), ()))


def score(entrant: Entrant, deltas: Sequence[float]) -> float:
    finite = [delta for delta in deltas if not math.isnan(delta)]
    if not finite:
        return math.nan
    mean = abs(math.fsum(finite)) / len(finite)
    return max(math.fsum(map(abs, finite)) / len(finite), mean) if entrant.score == "reach" else mean


def best(entrants: Sequence[Entrant], table: Table, keep: int | None) -> set[str]:
    """What an exhaustive search keeps."""
    scores = {one.id: score(one, table[one.id]) for one in entrants}
    passing = [
        one.id
        for one in entrants
        if scores[one.id] >= one.delta and (one.parent is None or scores[one.id] > one.parent)
    ]
    return set(sorted(passing, key=lambda id: (-scores[id], id))[:keep])


def summary(outcome: Outcome) -> list[tuple[object, ...]]:
    """All that an outcome says, comparable; NaN as text."""
    return [
        (one.entrant.id, one.images, one.n, repr(one.score), repr(one.low), repr(one.high), one.status, one.decided,
         one.reason)
        for one in outcome.standings
    ]  # fmt: skip
