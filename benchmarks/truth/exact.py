"""The exact effects, by drawing the birds again: of every attribute, and of every pair of them."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.truth.pictures import Counterfactuals, Wanted
from benchmarks.truth.subjects import Subject
from diffex_cli.birds.meanings import FINE, MEANINGS, Option
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Corpus, Node

Pair = frozenset[str]
"""The ids of two nodes."""
Deltas: TypeAlias = Callable[[Candidate], NDArray[np.float64]]
"""A candidate → its exact Δ logits, shape (images,)."""


@dataclasses.dataclass(frozen=True)
class Exact:
    """What is true of one classifier.

    Attributes:
        effects: node id → signed mean Δ logit over the images; for a coarse attribute also over its options.
        pairs: the same for pairs of values of different attributes, over the images of the joint phase.
        best_single: the largest influence of one value over the same images as the pairs.
    """

    effects: Mapping[str, float]
    pairs: Mapping[Pair, float]
    best_single: float
    fine: tuple[Node, ...]

    def pair(self, nodes: Sequence[Node]) -> float:
        """The exact effect of two attributes, coarse or fine; NaN if they set the same attribute."""
        first, second = (MEANINGS[node.prompt] for node in nodes)
        ids = _ids_by_option(self.fine)
        found = [self.pairs.get(frozenset((ids[a], ids[b])), math.nan) for a in first for b in second]
        return math.fsum(found) / len(found) if found else math.nan


def fine_nodes(corpus: Corpus) -> tuple[Node, ...]:
    """The nodes that name one value."""
    return tuple(node for node in corpus.walk() if node.prompt in FINE)


def pairs(corpus: Corpus) -> list[tuple[Node, Node]]:
    """All pairs of values of different attributes."""
    return [
        (a, b)
        for a, b in itertools.combinations(fine_nodes(corpus), 2)
        if MEANINGS[a.prompt][0][0] != MEANINGS[b.prompt][0][0]
    ]


def joint(nodes: Sequence[Node]) -> Candidate:
    """Several attributes in one edit."""
    return Candidate(tuple(term for node in nodes for term in node.candidate.terms))


def singles_wanted(corpus: Corpus, images: Sequence[str]) -> list[Wanted]:
    """The pictures that the effects of all attributes need, image by image."""
    candidates = [RECONSTRUCTION, *(node.candidate for node in corpus.walk())]
    return [Wanted(image, candidate) for image in images for candidate in candidates]


def pairs_wanted(corpus: Corpus, images: Sequence[str]) -> list[Wanted]:
    """The pictures that the exact effects of all pairs need, image by image."""
    candidates = [joint(pair) for pair in pairs(corpus)]
    return [Wanted(image, candidate) for image in images for candidate in candidates]


def exact(
    subject: Subject, renderer: Counterfactuals, corpus: Corpus, images: Sequence[str], joint_images: Sequence[str]
) -> Exact:
    """Look the exact effects up.

    Args:
        subject: its scores hold :func:`singles_wanted` and, unless ``joint_images`` is empty, :func:`pairs_wanted`.
        images: over which the effects are means.
        joint_images: the same of the pairs.
    """
    fine = fine_nodes(corpus)
    effects = over_options(
        corpus, {node.id: float(subject.deltas(renderer, node.candidate, images).mean()) for node in fine}
    )
    if not joint_images:
        return Exact(effects, {}, 0.0, fine)

    def deltas(candidate: Candidate) -> NDArray[np.float64]:
        return subject.deltas(renderer, candidate, joint_images)

    return Exact(effects, pair_effects(pairs(corpus), deltas), largest_single(fine, deltas), fine)


def pair_effects(tried: Iterable[tuple[Node, Node]], deltas: Deltas) -> dict[Pair, float]:
    """The mean Δ of each of some pairs."""
    return {frozenset((a.id, b.id)): float(deltas(joint((a, b))).mean()) for a, b in tried}


def largest_single(fine: Sequence[Node], deltas: Deltas) -> float:
    """The largest influence of one value."""
    return max(abs(float(deltas(node.candidate).mean())) for node in fine)


def over_options(corpus: Corpus, alone: Mapping[str, float]) -> dict[str, float]:
    """The effect of every attribute, given those of the single values: of a group the mean, of a placebo 0."""
    ids = _ids_by_option(fine_nodes(corpus))
    options = {node.id: MEANINGS[node.prompt] for node in corpus.walk()}
    return {
        id: math.fsum(alone[ids[one]] for one in meant) / len(meant) if meant else 0.0 for id, meant in options.items()
    }


def _ids_by_option(fine: Sequence[Node]) -> dict[Option, str]:
    return {MEANINGS[node.prompt][0]: node.id for node in fine}
