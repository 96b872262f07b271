"""p-values for a whole search, and for a child against its parent.

A search that looks at forty attributes finds two at the 5 % level where there is nothing. The corrected p-values bound
the chance of *any* false finding among the candidates handed in. They hold for a set of candidates and images fixed
beforehand: hand in all that were evaluated, and where the search gave more images to what looked strong, only images
that all of them got.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diffex_cli.search.statistics.arrays import aligned, matrix
from diffex_cli.search.statistics.sign_flips import FLIPS, flipped_sums
from diffex_cli.search.statistics.student import student_t_tail

_ROUNDING = 1e-9
"""Two sums of a row of length 1 this close are the same sum in another order."""


@dataclasses.dataclass(frozen=True, slots=True)
class Corrected:
    """Two-sided p-values of "this attribute does nothing". NaN without a successful edit.

    Attributes:
        raw: of the candidate alone.
        step_down: corrected by comparing with the largest statistic of it and all weaker candidates.
    """

    raw: float
    step_down: float
    n: int


def max_t(deltas: Mapping[str, ArrayLike], *, flips: int = FLIPS, seed: int = 0) -> dict[str, Corrected]:
    """Sign-flip max-T p-values of all candidates of a search.

    The statistic is |ΣΔ| / √ΣΔ², which grows with Student's |t| but needs no variance under each flip; candidates of
    different spread compete as equals. With up to 14 images all assignments of signs are looked at, and the p-values
    are exact for a Δ that is symmetric about zero under the null; with more, 10,000 random ones with the observed one
    among them, which keeps the test valid. Step-down controls the family-wise error whichever attributes matter. The
    order of candidates and images and the sign of all Δ change nothing, to the last bit.

    "Does nothing" is meant to the letter: the edit and the reconstruction could change places. In simulated searches of
    20 attributes, on 12 to 48 images, one or more were declared in 2 to 8 % where Δ was normal, t-distributed or mostly
    zero. But where Δ was skewed, with a mean of zero (exponential, less its mean), it was in 39 % for 12 images and in
    24 % for 48: such an attribute does something, though not on average.

    Args:
        deltas: candidate → Δ of shape (n_images,), NaN where the edit failed (the image is left out there alone).

    Source: Westfall & Young 1993, "Resampling-Based Multiple Testing"; with sign flips, Nichols & Holmes 2002.
    """
    if flips < 1 or seed < 0:
        raise ValueError(f"flips {flips} ≥ 1 and seed {seed} ≥ 0 must hold")
    if not deltas:
        return {}
    rows = matrix(deltas)
    counts = (~np.isnan(rows)).sum(axis=1)
    scaled = _unit(np.nan_to_num(rows))
    scaled = scaled[:, (scaled != 0).any(axis=0)]
    observed = np.array([abs(math.fsum(row)) for row in scaled.tolist()]) - _ROUNDING
    order = np.argsort(-observed, kind="stable")
    hits = np.zeros((2, len(observed)))
    total = 0
    for sums in flipped_sums(scaled, flips, seed):
        total += len(sums)
        rivals = np.empty_like(sums)
        # each one's rivals: itself and all weaker ones
        rivals[:, order] = np.maximum.accumulate(sums[:, order[::-1]], axis=1)[:, ::-1]
        hits += [(against >= observed).sum(axis=0) for against in (sums, rivals)]
    raw, down = hits / max(total, 1)
    # a candidate cannot be surer than a stronger one
    down[order] = np.maximum.accumulate(down[order])
    known = {id: Corrected(float(raw[k]), float(down[k]), int(counts[k])) for k, id in enumerate(sorted(deltas))}
    nothing = Corrected(math.nan, math.nan, 0)
    return {id: known[id] if known[id].n else nothing for id in deltas}


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Every row divided by its length; a row of zeros stays."""
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0.0)
    rows = rows / np.where(largest > 0, largest, 1.0)
    length = np.sqrt([[math.fsum(row)] for row in (rows**2).tolist()])
    return np.asarray(rows / np.where(length > 0, length, 1.0))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p-values corrected for their number, whatever ties them together.

    Args:
        p_values: by candidate, in [0, 1]; NaN for one that was not tested, which stays NaN and does not count.

    Source: Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure".
    """
    tested = sorted((p, id) for id, p in p_values.items() if not math.isnan(p))
    if any(not 0 <= p <= 1 for p, _ in tested):
        raise ValueError("a p-value is not in [0, 1]")
    corrected = dict.fromkeys(p_values, math.nan)
    largest = 0.0
    for place, (p, id) in enumerate(tested):
        largest = min(1.0, max(largest, p * (len(tested) - place)))
        corrected[id] = largest
    return corrected


def one_sided_paired_p(child: ArrayLike, parent: ArrayLike) -> float:
    """The p-value of "no more influential than its parent", |mean child| ≤ |mean parent|: for sets of attributes.

    The influences are absolute values, whose difference is no mean over images. But |μ_c| > |μ_p| says no more than
    that μ_c − μ_p and μ_c + μ_p are both positive, or both negative. In the direction s that the child shows, both
    s·(child − parent) and s·(child + parent) are tested by paired one-sided t-tests, and the larger p-value counts
    (an intersection-union test, Berger 1982). That alone would use the data twice, once to choose s: a child
    against a parent that does nothing at all could err in both directions. So the p-value of s itself, of a one-sided
    t-test of s·child, is added. It vanishes beside the other for a child with a clear sign, and makes the test the
    two-sided one where the parent is zero. In simulation the test accepts at most 5 % at the 5 % level.

    Args:
        child: Δ of shape (n_images,), NaN where the edit failed.
        parent: the same of the parent; only images where both succeeded count.

    Returns:
        in [0, 1]; NaN for fewer than two shared images.
    """
    own, other = _directed(child, parent)
    if len(own) < 2:
        return math.nan
    exceeds = max(_one_sided_t(own - other), _one_sided_t(own + other))
    return min(1.0, exceeds + _one_sided_t(own))


def beyond_parent_p(child: ArrayLike, parent: ArrayLike) -> float:
    """The p-value of "in its own direction the child goes no further than its parent".

    In the direction s that the child shows, s·(child − parent) is tested by a paired one-sided t-test; as in
    :func:`one_sided_paired_p`, the p-value of s itself is added. For a child and a parent of the same sign that is the
    test that the child is more influential. A child of the opposite sign only has to have that sign beyond chance.
    NaN for fewer than two shared images.
    """
    own, other = _directed(child, parent)
    return math.nan if len(own) < 2 else min(1.0, _one_sided_t(own - other) + _one_sided_t(own))


def _directed(child: ArrayLike, parent: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both on the images that they share, times the sign of the child's mean there."""
    own, other = aligned(child, parent)
    shared = ~(np.isnan(own) | np.isnan(other))
    own, other = own[shared], other[shared]
    sign = math.copysign(1.0, math.fsum(own.tolist()))
    return sign * own, sign * other


def _one_sided_t(values: NDArray[np.float64]) -> float:
    """The p-value of "the mean is not positive"."""
    ordered = values.tolist()
    n = len(ordered)
    mean = math.fsum(ordered) / n
    squares = math.fsum((value - mean) * (value - mean) for value in ordered)
    error = math.sqrt(squares / (n - 1) / n)
    if not error:
        return 0.0 if mean > 0 else 1.0
    return student_t_tail(mean / error, n - 1)
