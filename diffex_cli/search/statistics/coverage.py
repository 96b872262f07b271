"""A ranking in which every next attribute explains images that those before it did not: AttFind's greedy rule.

Two attributes that move the same images are one finding, and a ranking by the mean alone shows it twice. AttFind takes
the attribute with the largest mean effect, sets aside the images that it explains, and asks again of those left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diffex_cli.search.statistics.arrays import aligned


def greedy_coverage(deltas: Mapping[str, ArrayLike], threshold: float) -> tuple[str, ...]:
    """Rank attributes by what they add to those before them.

    An image is explained by an attribute whose Δ on it reaches the threshold in the direction of the attribute's mean
    over the images left, as in Algorithm 1 with the two directions of a style coordinate. It ends when all images are
    explained, or none is left that moves the rest.

    Args:
        deltas: candidate → shape (n_images,): change of the target's logit or probability, NaN where the edit failed.
        threshold: the change that explains an image, > 0, in the same unit.

    Returns:
        their ids, best first; ties by id.

    Source: Lang et al. 2021, "Explaining in Style" (StylEx), Algorithm 1 (AttFind).
    """
    if not (math.isfinite(threshold) and threshold > 0):
        raise ValueError(f"threshold {threshold} > 0 must hold")
    arrays = dict(zip(deltas, aligned(*deltas.values()), strict=True))
    left = np.ones(len(next(iter(arrays.values()), ())), dtype=bool)
    chosen: list[str] = []
    while arrays and left.any():
        effects = {id: _mean(array[left]) for id, array in arrays.items()}
        best = min(effects, key=lambda id: (-abs(effects[id]), id))
        if not effects[best]:
            break
        left &= ~(math.copysign(1.0, effects[best]) * arrays.pop(best) >= threshold)
        chosen.append(best)
    return tuple(chosen)


def _mean(values: NDArray[np.float64]) -> float:
    finite: list[float] = values[~np.isnan(values)].tolist()
    return math.fsum(finite) / len(finite) if finite else 0.0
