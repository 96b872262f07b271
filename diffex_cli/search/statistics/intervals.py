"""The mean over the images, with an interval: a studentised bootstrap, or Student's t.

The bootstrap-t of Efron & Tibshirani 1993, "An Introduction to the Bootstrap", chapter 12, makes its own t table. Why
this one, and where no interval helps, is measured in docs/design.md. It draws images with replacement, each with its Δ,
so it is paired by image. The drawing depends on n alone and is applied to the sorted values: equal n means common
random numbers for all candidates, and intervals shift, scale and mirror exactly with the data.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterator
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diffex_cli.search.statistics.arrays import standard_deviation, vector
from diffex_cli.search.statistics.influence import CONFIDENCE
from diffex_cli.search.statistics.student import student_t_quantile

RESAMPLES = 4000
"""At which the ends of a 95 % interval move by about 3 % of its width from seed to seed."""

BOOTSTRAP_MINIMUM = 5
"""Fewer images than this have too few different resamples: 4 have 35."""

_TINY = 1e-9
"""Below this share of the largest deviation, a difference is rounding."""

_BLOCK = 1 << 20
"""Values drawn at a time."""

_AT_A_TIME = 1 << 16
"""Values of resamples at a time: what a processor keeps close by, and an allocator does not give back in between."""


@dataclasses.dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over n images (NaN without any) and the ends of its interval (NaN for fewer than two)."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def excludes_zero(self) -> bool:
        """The whole interval lies on one side of zero; false for an unknown one."""
        return self.low > 0 or self.high < 0


def mean_interval(values: ArrayLike, *, resamples: int = RESAMPLES) -> Estimate:
    """The mean of the values that are not NaN, shape (n_images,), and its studentised 95 % interval.

    It falls back to Student's where it has nothing to go by: fewer than five images, or fewer than three different
    values (such as an edit that does nothing but to one image), or a quantile of its t table that is infinite, because
    too many resamples have no spread. No end is further from the mean than Student's t of a single degree of freedom
    allows. Constant values give an interval of no width.
    """
    data, mean = _known(values)
    if len(data) >= BOOTSTRAP_MINIMUM and len(np.unique(data)) >= 3:
        ends = _studentised((data - mean).tobytes(), resamples)
        if ends is not None:
            return Estimate(mean, mean + ends[0], mean + ends[1], len(data))
    return student_interval(values)


def student_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> Estimate:
    """The same by the t interval, two-sided with a confidence in (0, 1)."""
    data, mean = _known(values)
    n = len(data)
    if n < 2:
        return Estimate(mean, math.nan, math.nan, n)
    squares = math.fsum((value - mean) * (value - mean) for value in data.tolist())
    half = student_t_quantile((1 + confidence) / 2, n - 1) * math.sqrt(squares / (n - 1) / n)
    return Estimate(mean, mean - half, mean + half, n)


def wilson(right: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share in [0, 1] of n ≥ 1."""
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    middle = (right + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(right * (1 - right) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def _known(values: ArrayLike) -> tuple[NDArray[np.float64], float]:
    """Those that are not NaN, sorted, and their mean."""
    array = vector(values)
    data = np.sort(array[~np.isnan(array)])
    return data, math.fsum(data.tolist()) / len(data) if len(data) else math.nan


@functools.lru_cache(maxsize=8)
def _studentised(data: bytes, resamples: int) -> tuple[float, float] | None:
    """The interval's ends, for data of mean zero, as float64; one effect is asked for under several names."""
    deviations = np.frombuffer(data)
    n = len(deviations)
    tiny = _TINY * float(np.abs(deviations).max())
    parts = []
    for sample in _samples(deviations, resamples):
        mean = sample.mean(axis=1)
        # as sample.std(ddof=1) does, in place
        sample -= mean[:, None]
        sample *= sample
        error = np.sqrt(sample.sum(axis=1) / (n - 1)) / math.sqrt(n)
        flat = error <= tiny
        if flat.any():
            # without spread the t of a resample is infinite, or zero right at the mean
            extreme = np.where(np.abs(mean) <= tiny, 0.0, np.copysign(math.inf, mean))
            parts.append(np.where(flat, extreme, mean / np.where(flat, 1.0, error)))
        else:
            parts.append(mean / error)
    table = np.sort(np.concatenate(parts))
    low, high = np.quantile(table, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], method="nearest")
    error = standard_deviation(deviations) / math.sqrt(n)
    if not math.isfinite(low) or not math.isfinite(high):
        return None
    # a resample of almost no spread can have a t of any size
    limit = student_t_quantile((1 + CONFIDENCE) / 2, 1)
    return -min(float(high), limit) * error, -max(float(low), -limit) * error


def _samples(data: NDArray[np.float64], resamples: int) -> Iterator[NDArray[np.float64]]:
    """Resamples of sorted data in blocks of shape (some, n), ``resamples`` rows in all (one more if that is odd).

    With every resample comes its antithetic one, which has the k-th largest value where the other has the k-th
    smallest, so that mirrored data give mirrored resamples.
    """
    n = len(data)
    pairs = (resamples + 1) // 2
    mirrored, rows = data[::-1].copy(), max(1, _AT_A_TIME // n)
    # all candidates have the same ones, and drawing takes as long as all the rest
    drawings = _drawn(n, pairs) if pairs * n > _BLOCK else _kept(n, pairs)
    for drawn in drawings:
        for start in range(0, len(drawn), rows):
            some = drawn[start : start + rows]
            yield data.take(some, mode="clip")  # all are within; to look takes as long as the rest
            yield mirrored.take(some, mode="clip")


def _drawn(n: int, pairs: int) -> Iterator[NDArray[np.integer]]:
    generator = np.random.default_rng([0, n])
    block = max(1, _BLOCK // n)
    for start in range(0, pairs, block):
        yield generator.integers(n, size=(min(block, pairs - start), n))


@functools.lru_cache(maxsize=2)
def _kept(n: int, pairs: int) -> tuple[NDArray[np.integer], ...]:
    return tuple(_drawn(n, pairs))
