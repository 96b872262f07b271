"""How often an attribute changes the decision, and which way it moves the images."""

from __future__ import annotations

import dataclasses
import math
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diffex_cli.search.statistics.arrays import aligned, vector
from diffex_cli.search.statistics.intervals import Estimate, mean_interval


@dataclasses.dataclass(frozen=True, slots=True)
class Share:
    """A share of n images, in [0, 1]; NaN for one of none."""

    value: float
    n: int


@dataclasses.dataclass(frozen=True, slots=True)
class Flips:
    """How often the target starts or ceases to be predicted.

    Attributes:
        to_target: of the images where the target was not predicted before, the share where it is after.
        from_target: of the images where it was, the share where it is not after.
    """

    to_target: Share
    from_target: Share


@dataclasses.dataclass(frozen=True, slots=True)
class Directions:
    """Which way n images move: the shares with Δ > 0 and with Δ < 0."""

    up: float
    down: float
    n: int


_Mask: TypeAlias = NDArray[np.bool_]


def flips(before: ArrayLike, after: ArrayLike) -> Flips:
    """Flip rates, as StylEx (Lang et al. 2021) and others report them.

    Args:
        before: shape (n_images,), 1 where the target is predicted, 0 where not, NaN where unknown.
    """
    was, is_ = decisions(before, after)
    return Flips(to_target=_share(is_[~was]), from_target=_share(~is_[was]))


def directions(deltas: ArrayLike) -> Directions:
    """The share of images, Δ of shape (n_images,), that move each way."""
    array = vector(deltas)
    finite = array[~np.isnan(array)]
    n = len(finite)
    if not n:
        return Directions(math.nan, math.nan, 0)
    return Directions(int((finite > 0).sum()) / n, int((finite < 0).sum()) / n, n)


def cace(with_attribute: ArrayLike, without_attribute: ArrayLike) -> Estimate:
    """The causal concept effect: mean output under do(attribute = 1) minus that under do(attribute = 0).

    Which pictures stand for the two interventions depends on what was edited: for an attribute that is *added*, the
    edit and the reconstruction; for one that is *removed*, the reconstruction and the edit; where both were made,
    the two edits. Only the last is CaCE to the letter. Of the others, one side is the picture as it is, so they are
    CaCE exactly if the pictures all lack (or all have) the attribute, and too small by the share that does not.
    Signed, in the unit of the outputs (Goyal et al. use the classifier's probability).

    Args:
        with_attribute: shape (n_images,): the output where the attribute is there.

    Source: Goyal, Feder, Shalit & Kim 2019, "Explaining Classifiers with Causal Concept Effect (CaCE)".
    """
    present, absent = aligned(with_attribute, without_attribute)
    return mean_interval(present - absent)


def decisions(before: ArrayLike, after: ArrayLike) -> tuple[_Mask, _Mask]:
    """Two aligned decisions on the images where both are known, as booleans."""
    first, second = aligned(before, after)
    known = ~(np.isnan(first) | np.isnan(second))
    pair = first[known], second[known]
    if not all(np.isin(one, (0.0, 1.0)).all() for one in pair):
        raise ValueError("a decision must be 0, 1 or NaN")
    return pair[0] == 1, pair[1] == 1


def _share(mask: _Mask) -> Share:
    return Share(float(mask.mean()) if len(mask) else math.nan, len(mask))
