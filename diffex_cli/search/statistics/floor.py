"""The noise floor: how large an influence nothing at all would show."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from diffex_cli.search.statistics.arrays import matrix
from diffex_cli.search.statistics.intervals import student_interval
from diffex_cli.search.statistics.sign_flips import FLIPS, flipped_sums
from diffex_cli.search.statistics.student import student_t_quantile

Source: TypeAlias = Literal["placebos", "sign flips", "none"]


@dataclasses.dataclass(frozen=True, slots=True)
class Floor:
    """An influence that does not count, in logits (the unit of Δ); NaN if unknown.

    Attributes:
        arms: how many placebos, or candidates, with at least two images each.
        n: images of the one of them that has the fewest; 0 if there is none.
    """

    value: float
    source: Source
    arms: int
    n: int


def noise_floor(
    placebos: Mapping[str, ArrayLike],
    candidates: Mapping[str, ArrayLike],
    *,
    alpha: float = 0.05,
    rivals: int | None = None,
    seed: int = 0,
) -> Floor:
    """The floor by placebos if there are any, else by the candidates' own spread.

    *Placebos* are attributes that the images cannot have, and reconstructions (with another seed, or of a
    reconstruction) in the place of edits. Their influence holds everything that an edit does besides its attribute.
    With at least 1/α − 1 of them (19 at 5 %) the floor is their ⌈(1 − α)(m + 1)⌉-th smallest influence, which another
    placebo exceeds with probability α or less. With fewer, that order statistic does not exist, and the floor is the
    largest of their upper (1 − α) confidence limits |mean| + t·se: in simulation one attribute that does nothing
    exceeds that of a single placebo in 3 %, that of five in 0.4 %. Either is a floor for one attribute, not for the
    largest of many: of 40 that do nothing, some exceed the floor of 19 placebos in two searches out of three. Placebos
    that change no pixel give a floor of 0, which says that the editor adds nothing, not that chance does not. That, and
    how many were looked at, is for the p-values to say.

    Without a placebo the floor is the (1 − α) quantile, over sign flips, of the largest |mean| of all candidates after
    each one's own mean is taken off its Δ, times √(n / (n − 1)) for having done so. That is sampling noise alone, with
    the correction for the number of candidates built in; it is approximate, and rough below ten images. Where the
    candidates handed in are the m of M that a race measured to the end, the quantile is that of 1 − α·m/M.

    Args:
        placebos: id → Δ of shape (n_images,), NaN where the edit failed.
        candidates: the same of the attributes that were searched.
        alpha: in (0, 0.5).
        rivals: M, how many candidates were looked at, those that are not handed in among them; ``None``: no others.
    """
    if not 0 < alpha < 0.5 or seed < 0:
        raise ValueError(f"alpha {alpha} in (0, 0.5) and seed {seed} ≥ 0 must hold")
    arms = [student_interval(values, 1 - 2 * alpha) for values in placebos.values()]
    arms = [arm for arm in arms if arm.n >= 2]
    if arms:
        place = math.ceil((1 - alpha) * (len(arms) + 1) - 1e-9)
        if place <= len(arms):
            value = sorted(abs(arm.mean) for arm in arms)[place - 1]
        else:
            value = max(abs(arm.mean) + (arm.high - arm.low) / 2 for arm in arms)
        return Floor(value, "placebos", len(arms), min(arm.n for arm in arms))
    rows = matrix(candidates)
    rows = rows[(~np.isnan(rows)).sum(axis=1) >= 2]
    if not len(rows):
        return Floor(math.nan, "none", 0, 0)
    counts = (~np.isnan(rows)).sum(axis=1, keepdims=True)
    means = [[math.fsum(row)] for row in np.nan_to_num(rows).tolist()] / counts
    residuals = (rows - means) * np.sqrt(counts / (counts - 1))
    largest = [sums.max(axis=1) for sums in flipped_sums(np.nan_to_num(residuals / counts), FLIPS, seed)]
    share = alpha * min(1.0, len(rows) / (rivals or len(rows)))
    value = float(np.quantile(np.concatenate(largest), 1 - share, method="higher"))
    return Floor(value, "sign flips", len(rows), int(counts.min()))


def smallest_detectable(n: int, sd: float, candidates: int, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """The smallest effect that a search of this size would have found with the given power.

    A larger one may have been missed too, but in less than 1 − power of the cases. Two-sided t-tests at α / candidates
    (Bonferroni, so slightly larger than max-T would need): (t of 1 − α/2K + t of power) · sd / √n.

    Args:
        sd: standard deviation of Δ over the images, ≥ 0, in logits.
        candidates: K, how many attributes were looked at, ≥ 1.
        alpha: family-wise error, in (0, 1).
        power: in (0, 1).

    Returns:
        in logits; NaN for fewer than two images or an unknown ``sd``.

    Source: the usual sample-size formula, e.g. Cohen 1988, "Statistical Power Analysis", chapter 2.
    """
    if n < 0 or sd < 0 or candidates < 1 or not 0 < alpha < 1 or not 0 < power < 1:
        raise ValueError(f"no detectable effect for {n=}, {sd=}, {candidates=}, {alpha=}, {power=}")
    if n < 2 or math.isnan(sd):
        return math.nan
    level = student_t_quantile(1 - alpha / (2 * candidates), n - 1)
    return max(0.0, level + student_t_quantile(power, n - 1)) * sd / math.sqrt(n)
