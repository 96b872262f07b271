"""What a whole search can claim: corrected p-values, the noise floor, and what it could have missed."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from diffex_cli.search.statistics.coverage import greedy_coverage
from diffex_cli.search.statistics.floor import Floor, noise_floor, smallest_detectable
from diffex_cli.search.statistics.multiplicity import holm, max_t

ALPHA = 0.05
POWER = 0.8


@dataclasses.dataclass(frozen=True, slots=True)
class PValues:
    """Two-sided p-values of "does nothing", alone and corrected for the whole search."""

    raw: float
    corrected: float


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """The claims.

    Attributes:
        floor: the influence that noise alone can show.
        detectable: the smallest effect that this search would have found four times out of five; NaN if unknown.
        corrected_for: how many candidates (times targets) the p-values are corrected for.
        p_values: by candidate; none for one that a race dropped early.
        coverage: candidate → place in AttFind's greedy ranking of what was kept; those that explain nothing more lack.
    """

    floor: Floor
    detectable: float
    corrected_for: int
    p_values: Mapping[str, PValues]
    coverage: Mapping[str, int]

    def below_floor(self, influence: float) -> bool:
        """An influence does not exceed the floor; false where either is not known."""
        return influence <= self.floor.value and self.floor.value > 0

    def significant(self, id: str) -> bool:
        """The corrected p-value is at most 5 %, or not known."""
        p = self.p_values.get(id)
        return p is None or not p.corrected > ALPHA


def judge(
    deltas: Mapping[str, NDArray[np.float64]],
    *,
    placebos: Collection[str],
    kept: Collection[str],
    early: Collection[str],
    delta: float,
    targets: int = 1,
    seed: int = 0,
) -> Verdict:
    """Judge all candidates of a search together.

    The correction is that of the sign-flip max-T, over all candidates. After a race it is Holm's, over all of them too,
    and a candidate that was dropped early counts as one that shows nothing: the p-value on a number of images that was
    fixed beforehand is valid whoever was chosen to get them, and Bonferroni's bound is over all that might have been.
    With several targets, of which each candidate shows the one it moves most, it is multiplied by their number.

    Args:
        deltas: candidate → shape (n_images,), NaN where the edit failed or was not asked for.
        placebos: those that the images cannot have.
        kept: those that are part of the explanation.
        early: those that a race dropped before they had all images.
        delta: δ: what explains an image, for the coverage.
        targets: how many targets were looked at.
        seed: ≥ 0.
    """
    tested = max_t(deltas, seed=seed)
    counted = sum(one.n > 0 for one in tested.values())
    if early:
        step = holm({id: 1.0 if id in early and one.n else one.raw for id, one in tested.items()})
    else:
        step = {id: one.step_down for id, one in tested.items()}
    p_values = {
        id: PValues(one.raw, min(1.0, step[id] * targets)) for id, one in tested.items() if one.n and id not in early
    }
    real = {id: values for id, values in deltas.items() if id not in placebos}
    # the limits of a handful of images would make a floor that nothing rises above
    whole = {id: values for id, values in deltas.items() if id not in early} or deltas
    floor = noise_floor(
        {id: values for id, values in whole.items() if id in placebos},
        {id: values for id, values in whole.items() if id not in placebos},
        seed=seed,
    )
    covered = greedy_coverage({id: real[id] for id in kept if id in real}, delta) if delta > 0 else ()
    return Verdict(
        floor=floor,
        detectable=_detectable([values for id, values in real.items() if id in whole], counted * targets),
        corrected_for=counted * targets,
        p_values=p_values,
        coverage={one.candidate: one.rank for one in covered},
    )


def _detectable(rows: Collection[NDArray[np.float64]], candidates: int) -> float:
    """By the median spread, on the images of the candidate that has the median number of them."""
    finite = [row[~np.isnan(row)] for row in rows]
    finite = [row for row in finite if len(row) >= 2]
    if not finite or not candidates:
        return math.nan
    n = statistics.median_low(len(row) for row in finite)
    sd = statistics.median(float(np.std(np.sort(row), ddof=1)) for row in finite)
    return smallest_detectable(n, sd, candidates, alpha=ALPHA, power=POWER)
