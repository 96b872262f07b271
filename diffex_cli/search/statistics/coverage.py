"""A ranking in which every next attribute explains images that those before it did not: AttFind's greedy rule.

Two attributes that move the same images are one finding, and a ranking by the mean alone shows it twice. AttFind takes
the attribute with the largest mean effect, sets aside the images that it explains, and asks again of those left.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diffex_cli.search.statistics.arrays import aligned

Towards: TypeAlias = Literal["target", "away", "either"]


@dataclasses.dataclass(frozen=True, slots=True)
class Covered:
    """One place of the ranking.

    Attributes:
        rank: 1 for the first.
        candidate: its id.
        effect: its signed mean Δ over the images not yet explained where its edit succeeded.
        n: how many those are.
        explains: how many of them it explains.
        covered: share of all images explained so far, in [0, 1].
    """

    rank: int
    candidate: str
    effect: float
    n: int
    explains: int
    covered: float


def greedy_coverage(
    deltas: Mapping[str, ArrayLike],
    threshold: float,
    *,
    towards: Towards = "either",
    limit: int | None = None,
) -> tuple[Covered, ...]:
    """Rank attributes by what they add to those before them.

    An image is explained by an attribute whose Δ on it reaches the threshold, in the direction in which the attribute
    was chosen. It ends when all images are explained, ``limit`` attributes are chosen, or none is left that moves the
    rest in a direction asked for.

    Args:
        deltas: candidate → shape (n_images,): change of the target's logit or probability, NaN where the edit failed.
        threshold: the change that explains an image, > 0, in the same unit.
        towards: Algorithm 1 looks for changes towards one class (``target``). ``away`` mirrors it; ``either`` lets
            every attribute count in the direction of its own mean over the images left, as Algorithm 1 does with the
            two directions of a style coordinate.
        limit: the most attributes to choose, ≥ 1; ``None`` for no limit.

    Returns:
        best first; ties by id.

    Raises:
        ValueError: shapes that differ, or an argument out of its range.

    Source: Lang et al. 2021, "Explaining in Style" (StylEx), Algorithm 1 (AttFind).
    """
    if not (math.isfinite(threshold) and threshold > 0) or (limit is not None and limit < 1):
        raise ValueError(f"threshold {threshold} > 0 and limit {limit} ≥ 1 must hold")
    if towards not in get_args(Towards):
        raise ValueError(f"there is no direction {towards!r}")
    arrays = dict(zip(deltas, aligned(*deltas.values()), strict=True))
    left = np.ones(len(next(iter(arrays.values()), ())), dtype=bool)
    chosen: list[Covered] = []
    while arrays and left.any() and (limit is None or len(chosen) < limit):
        effects = {id: _mean(array[left]) for id, array in arrays.items()}
        best = min(effects, key=lambda id: (-_gain(effects[id], towards), id))
        if _gain(effects[best], towards) <= 0:
            break
        array = arrays.pop(best)
        explained = left & (math.copysign(1.0, effects[best]) * array >= threshold)
        known = int((left & ~np.isnan(array)).sum())
        left &= ~explained
        covered = 1 - float(left.mean())
        chosen.append(Covered(len(chosen) + 1, best, effects[best], known, int(explained.sum()), covered))
    return tuple(chosen)


def _mean(values: NDArray[np.float64]) -> float:
    finite: list[float] = values[~np.isnan(values)].tolist()
    return math.fsum(finite) / len(finite) if finite else 0.0


def _gain(effect: float, towards: Towards) -> float:
    return abs(effect) if towards == "either" else effect if towards == "target" else -effect
