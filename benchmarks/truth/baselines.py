"""What the searches are compared with: the protocol of the paper's public code, a random order, and Grad-CAM."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from benchmarks.truth.methods import Finding, best_two
from benchmarks.truth.table import Table
from diffex_cli.birds.meanings import FINE, MEANINGS
from diffex_cli.core.hierarchy import Candidate
from diffex_cli.search.algorithm.algorithms import Rules, search

PUBLIC_BEAM = 8
PUBLIC_SEEDS = (0, 1, 2, 3)


def public_code(table: Table, probability_deltas: Callable[[Candidate], NDArray[np.float64]]) -> Finding:
    """One image, a few seeds, the mean of |Δ probability|, a beam of 8 and no threshold.

    What remains in the beam is its explanation; it does not say in which direction an attribute acts.

    Args:
        probability_deltas: candidate → Δ probability of the target for every seed, shape (seeds,).
    """
    deltas = {node.candidate.id: np.abs(probability_deltas(node.candidate)) for node in table.corpus.walk()}
    seeds = Table(table.corpus, tuple(map(str, PUBLIC_SEEDS)), (0,) * len(PUBLIC_SEEDS), deltas)
    trace = search(table.corpus, seeds, Rules("paper", PUBLIC_BEAM, delta=0.0))
    effects = {one.id: one.effect.effect for one in trace.ranking if one.effect.n}
    return Finding(
        effects=effects,
        signed=False,
        reported=frozenset(one.id for one in trace.ranking if one.status == "kept"),
        pair=best_two(effects, table),
        intervals={},
        looked_at=sum(not one.node.placebo for one in trace.ranking),
        edits=len(trace.ranking) * len(PUBLIC_SEEDS),
    )


def random_order(table: Table, seed: str) -> Finding:
    """All attributes in a random order."""
    ids = sorted(node.id for node in table.corpus.walk())
    random.Random(seed).shuffle(ids)
    return _ranked({id: float(len(ids) - place) for place, id in enumerate(ids)}, table)


def grad_cam(table: Table, heat: NDArray[np.float64], regions: Mapping[str, NDArray[np.bool_]]) -> Finding:
    """The attributes by their share of the heat.

    A heat map cannot tell the values of an attribute from each other. All of them get the same share, and ties are in
    the order of the ids; groups and placebos are left out, which does the method a favour.

    Args:
        heat: shape (n_images, height, width), each image's adding up to 1, or to 0 where there is none.
        regions: attribute → the pixels that it can change, shape (n_images, height, width).
    """
    shares = {attribute: float((heat * region).sum(axis=(1, 2)).mean()) for attribute, region in regions.items()}
    fine = sorted((node for node in table.corpus.walk() if node.prompt in FINE), key=lambda node: node.id)
    scores = {node.id: shares[MEANINGS[node.prompt][0][0]] for node in fine}
    return _ranked(dict(sorted(scores.items(), key=lambda item: (-item[1], item[0]))), table)


def _ranked(scores: Mapping[str, float], table: Table) -> Finding:
    return Finding(scores, False, None, best_two(scores, table), {}, 0, 0)
