"""The best pair that there is for a classifier, by drawing the birds again, and whether a search named it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.checked.trial import Subject
from benchmarks.truth.exact import Exact, fine_nodes, joint, largest_single, pair_effects, pairs
from benchmarks.truth.judging import right_pair
from benchmarks.truth.pictures import Rendered, Wanted, key
from benchmarks.truth.scores import Scores, fill
from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.birds.meanings import MEANINGS
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Corpus, Node
from diffex_cli.search.statistics.claims import SETS_JOINED_BY

FEW = 12
"""On so many images all pairs are measured,"""
LARGEST = 30
"""and the largest so many of them, and what a search named, on all: to draw all pairs of all takes half an hour."""


def named_pair(rows: Sequence[RankingRow], corpus: Corpus) -> tuple[Node, Node] | None:
    """The pair that a search puts first; ``None`` if it could test none."""
    for row in rows:
        parts = row.candidate.split(SETS_JOINED_BY)
        if len(parts) == 2 and row.claim not in (None, "not tested"):
            return corpus.node(parts[0]), corpus.node(parts[1])
    return None


class PairTruth:
    """The exact effects of the pairs for one classifier.

    Args:
        folder: keeps its logits of the pictures.
        images: keys of those that the search had.
    """

    def __init__(self, subject: Subject, corpus: Corpus, images: Sequence[str], folder: Path) -> None:
        self._subject, self._images, self._renderer = subject, images, Rendered()
        self._scores = Scores(subject.classifier, folder)
        self._fine = fine_nodes(corpus)
        everything = pairs(corpus)
        few = images[:FEW]
        self._draw([RECONSTRUCTION, *(node.candidate for node in self._fine)], images)
        self._draw([joint(pair) for pair in everything], few)
        rough = pair_effects(everything, lambda one: self._deltas(one, few))
        everything.sort(key=lambda pair: -abs(rough[frozenset((pair[0].id, pair[1].id))]))
        self._largest = everything[:LARGEST]

    def right(self, pair: tuple[Node, Node] | None) -> float:
        """Whether a pair is (all but) the best one; NaN where no pair does more than one value."""
        tried = [*self._largest, *self._meant(pair)]
        self._draw([joint(one) for one in tried], self._images)

        def deltas(candidate: Candidate) -> NDArray[np.float64]:
            return self._deltas(candidate, self._images)

        exact = Exact({}, pair_effects(tried, deltas), largest_single(self._fine, deltas), self._fine)
        return right_pair(pair, exact)

    def _meant(self, pair: tuple[Node, Node] | None) -> list[tuple[Node, Node]]:
        """The pairs of values of different attributes that a pair of values or groups stands for."""
        if pair is None:
            return []
        first, second = (
            [one for one in self._fine if MEANINGS[one.prompt][0] in MEANINGS[node.prompt]] for node in pair
        )
        return [(a, b) for a in first for b in second if MEANINGS[a.prompt][0][0] != MEANINGS[b.prompt][0][0]]

    def _draw(self, candidates: Sequence[Candidate], images: Sequence[str]) -> None:
        wanted = [Wanted(image, one) for image in images for one in candidates]
        fill([self._scores], self._renderer, wanted, f"pairs of {self._subject.name}")

    def _deltas(self, candidate: Candidate, images: Sequence[str]) -> NDArray[np.float64]:
        column = list(self._scores.labels).index(self._subject.target)
        after, before = (
            self._scores.logits([key(self._renderer, Wanted(image, one)) for image in images])[:, column]
            for one in (candidate, RECONSTRUCTION)
        )
        difference: NDArray[np.float64] = after - before
        return difference
