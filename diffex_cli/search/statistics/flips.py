"""How often an attribute changes the decision, and which way it moves the images."""

from __future__ import annotations

import dataclasses
import math
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diffex_cli.search.statistics.arrays import aligned, vector
from diffex_cli.search.statistics.intervals import DEFAULT_METHOD, Estimate, Method, mean_interval


@dataclasses.dataclass(frozen=True, slots=True)
class Share:
    """A share of images.

    Attributes:
        value: in [0, 1]; NaN for a share of no images.
        n: of how many images.
    """

    value: float
    n: int


@dataclasses.dataclass(frozen=True, slots=True)
class Flips:
    """How often the target starts or ceases to be predicted.

    Attributes:
        to_target: of the images where the target was not predicted before, the share where it is after.
        from_target: of the images where it was, the share where it is not after.
        any: of all images, the share of either.
    """

    to_target: Share
    from_target: Share
    any: Share


@dataclasses.dataclass(frozen=True, slots=True)
class Directions:
    """Which way the images move.

    Attributes:
        up: share with Δ > tolerance.
        down: share with Δ < −tolerance.
        still: share of the others. The three add up to 1.
        n: of how many images.
    """

    up: float
    down: float
    still: float
    n: int


_Mask: TypeAlias = NDArray[np.bool_]


def flips(before: ArrayLike, after: ArrayLike) -> Flips:
    """Flip rates, as StylEx (Lang et al. 2021) and others report them.

    Args:
        before: shape (n_images,), 1 where the target is predicted, 0 where not, NaN where unknown.
        after: the same after the edit.

    Raises:
        ValueError: shapes that differ, or other values.
    """
    was, is_ = decisions(before, after)
    return Flips(to_target=_share(is_[~was]), from_target=_share(~is_[was]), any=_share(was != is_))


def directions(deltas: ArrayLike, tolerance: float = 0.0) -> Directions:
    """The share of images that move each way.

    Args:
        deltas: shape (n_images,), in logits (or any unit).
        tolerance: the largest |Δ| that counts as no movement, ≥ 0, in the same unit.

    Raises:
        ValueError: a wrong shape or tolerance.
    """
    if not (math.isfinite(tolerance) and tolerance >= 0):
        raise ValueError(f"a tolerance of {tolerance} is not ≥ 0")
    array = vector(deltas)
    finite = array[~np.isnan(array)]
    if not len(finite):
        return Directions(math.nan, math.nan, math.nan, 0)
    up, down = int((finite > tolerance).sum()), int((finite < -tolerance).sum())
    n = len(finite)
    return Directions(up / n, down / n, (n - up - down) / n, n)


def cace(with_attribute: ArrayLike, without_attribute: ArrayLike, *, method: Method = DEFAULT_METHOD) -> Estimate:
    """The causal concept effect: mean output under do(attribute = 1) minus that under do(attribute = 0).

    Which pictures stand for the two interventions depends on what was edited: for an attribute that is *added*, the
    edit and the reconstruction; for one that is *removed*, the reconstruction and the edit; where both were made,
    the two edits. Only the last is CaCE to the letter. Of the others, one side is the picture as it is, so they are
    CaCE exactly if the pictures all lack (or all have) the attribute, and too small by the share that does not.
    Signed, in the unit of the outputs (Goyal et al. use the classifier's probability).

    Args:
        with_attribute: shape (n_images,): the output where the attribute is there.
        without_attribute: the same where it is not.
        method: of the interval.

    Raises:
        ValueError: shapes that differ, or infinite values.

    Source: Goyal, Feder, Shalit & Kim 2019, "Explaining Classifiers with Causal Concept Effect (CaCE)".
    """
    present, absent = aligned(with_attribute, without_attribute)
    return mean_interval(present - absent, method=method)


def decisions(before: ArrayLike, after: ArrayLike) -> tuple[_Mask, _Mask]:
    """Two aligned decisions on the images where both are known, as booleans.

    Raises:
        ValueError: shapes that differ, or a value that is neither 0, 1 nor NaN.
    """
    first, second = aligned(before, after)
    known = ~(np.isnan(first) | np.isnan(second))
    pair = first[known], second[known]
    if not all(np.isin(one, (0.0, 1.0)).all() for one in pair):
        raise ValueError("a decision must be 0, 1 or NaN")
    return pair[0] == 1, pair[1] == 1


def _share(mask: _Mask) -> Share:
    return Share(float(mask.mean()) if len(mask) else math.nan, len(mask))
