"""How well one ranking of attributes agrees with another. Pure functions; nothing divides by zero."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def ndcg_at_k(true_relevance: Mapping[str, float], ranking: Sequence[str], k: int) -> float:
    """Normalised discounted cumulative gain of the first k of a ranking (Järvelin & Kekäläinen 2002).

    Linear gains, discount 1 / log2(rank + 1).

    Args:
        true_relevance: id → relevance, finite and ≥ 0 (here: the exact influence, in logits).
        ranking: ids, best first; an id without a relevance counts as irrelevant.
        k: how many places count, ≥ 1.

    Returns:
        in [0, 1]; 1 if nothing is relevant, since then no ranking misses anything.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    if len(set(ranking)) != len(ranking):
        raise ValueError("an id is ranked twice")
    if not all(math.isfinite(value) and value >= 0 for value in true_relevance.values()):
        raise ValueError("a relevance must be finite and not negative")
    scale = max(true_relevance.values(), default=0.0)
    if scale == 0:
        return 1.0
    ideal = _gain([value / scale for value in sorted(true_relevance.values(), reverse=True)[:k]])
    found = _gain([true_relevance.get(id, 0.0) / scale for id in ranking[:k]])
    return min(found / ideal, 1.0)


def _gain(relevances: Sequence[float]) -> float:
    return math.fsum(value / math.log2(place + 2) for place, value in enumerate(relevances))


def spearman(a: ArrayLike, b: ArrayLike) -> float:
    """Spearman's rank correlation of two arrays of shape (n,); ties share their mean rank. 0 where it is undefined
    (fewer than two values, or all values of a side equal)."""
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"shapes {first.shape} and {second.shape}: both must be the same (n,)")
    if np.isnan(first).any() or np.isnan(second).any():
        raise ValueError("a rank correlation needs values that are not NaN")
    if len(first) < 2:
        return 0.0
    x, y = _ranks(first), _ranks(second)
    x, y = x - x.mean(), y - y.mean()
    norm = math.sqrt(float(x @ x) * float(y @ y))
    return float(np.clip(float(x @ y) / norm, -1.0, 1.0)) if norm else 0.0


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: NDArray[np.float64] = (last - (counts - 1) / 2)[inverse]
    return ranks
