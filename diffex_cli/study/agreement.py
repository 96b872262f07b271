"""Krippendorff's alpha: how far raters agree beyond chance, with any number of raters and missing answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Level: TypeAlias = Literal["nominal", "ordinal", "interval"]


def alpha(units: Sequence[Sequence[float]], level: Level) -> float:
    """Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section D.

    Args:
        units: for each thing that was rated the values it got, in any order; fewer than two say nothing.
        level: how unlike two values are: ``nominal``, unequal or not; ``ordinal``, by how many values lie between
            them; ``interval``, by the square of their difference.

    Returns:
        1 for perfect agreement, 0 for that of chance, less for systematic disagreement; NaN where no two raters
        share a unit, or all values are the same, so that there is nothing to agree on.
    """
    pairable = [list(unit) for unit in units if len(unit) >= 2]
    values = sorted({value for unit in pairable for value in unit})
    place = {value: index for index, value in enumerate(values)}
    together = np.zeros((len(values), len(values)))
    for unit in pairable:
        for one, other in permutations(unit, 2):
            together[place[one], place[other]] += 1 / (len(unit) - 1)
    counts = together.sum(axis=1)
    total = float(counts.sum())
    if len(values) < 2:
        return math.nan
    unlike = _METRICS[level](np.array(values), counts)
    observed = float((together * unlike).sum())
    expected = float((np.outer(counts, counts) * unlike).sum())
    return 1 - (total - 1) * observed / expected


def _nominal(values: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 - np.eye(len(values))


def _ordinal(values: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    middle = np.cumsum(counts) - counts / 2
    return np.asarray((middle[:, None] - middle[None, :]) ** 2)


def _interval(values: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((values[:, None] - values[None, :]) ** 2)


_METRICS: Mapping[Level, Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]] = {
    "nominal": _nominal,
    "ordinal": _ordinal,
    "interval": _interval,
}
