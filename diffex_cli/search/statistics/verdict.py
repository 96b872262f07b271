"""What a whole search can claim: corrected p-values, the noise floor, and what it could have missed."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from diffex_cli.search.statistics.arrays import standard_deviation
from diffex_cli.search.statistics.claims import ALPHA
from diffex_cli.search.statistics.coverage import greedy_coverage
from diffex_cli.search.statistics.floor import Floor, noise_floor, smallest_detectable
from diffex_cli.search.statistics.multiplicity import holm, max_t, one_sided_paired_p
from diffex_cli.search.statistics.sign_flips import FLIPS
from diffex_cli.search.statistics.student import student_t_quantile

POWER = 0.8

_MOST_FLIPS = 1_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class PValues:
    """Two-sided p-values of "does nothing", alone and corrected for the candidate's family (the single attributes, or
    the sets of them); the corrected one of a set is also of "does no more than one of its parts"."""

    raw: float
    corrected: float


@dataclasses.dataclass(frozen=True, slots=True)
class Significance:
    """The claims.

    Attributes:
        floor: that of the single attributes; sets are held against it too.
        detectable: the smallest effect of a single attribute that this search would have found four times out of five:
            beyond δ, beyond the floor, and with a corrected p-value of at most 5 %. NaN if unknown; infinite if no
            effect, however large, could have such a p-value (five images or fewer, more with a race or many targets).
        corrected_for: how many single attributes (times targets) their p-values are corrected for.
        corrected_for_sets: the same of the sets of attributes; 0 if none was measured.
        p_values: by candidate; none for one that a race dropped early.
        coverage: candidate → place in AttFind's greedy ranking of what was kept; those that explain nothing more lack.
    """

    floor: Floor
    detectable: float
    corrected_for: int
    p_values: Mapping[str, PValues]
    coverage: Mapping[str, int]
    corrected_for_sets: int = 0

    def below_floor(self, influence: float) -> bool:
        """An influence does not exceed the floor; false where either is not known."""
        return influence <= self.floor.value and self.floor.value > 0

    def significant(self, id: str) -> bool:
        """The corrected p-value is known, and at most 5 %."""
        p = self.p_values.get(id)
        return p is not None and p.corrected <= ALPHA


@dataclasses.dataclass(frozen=True, slots=True)
class Tried:
    """All candidates of a search.

    Attributes:
        deltas: candidate → shape (n_images,), NaN where the edit failed or was not asked for.
        placebos: those that the images cannot have.
        kept: those that are part of the explanation.
        early: those that a race dropped before they had all images.
        screened: those that a screening looked at; of what it left out, ``deltas`` have nothing.
        sets: those candidates that are sets of attributes, with the candidates that they are made of.
        tested: candidate → Δ as measured, which the p-values are of, where ``deltas`` were corrected by what was seen
            after the edits; by default these.
    """

    deltas: Mapping[str, NDArray[np.float64]]
    placebos: Collection[str] = ()
    kept: Collection[str] = ()
    early: Collection[str] = ()
    screened: Collection[str] = ()
    sets: Mapping[str, Collection[str]] = dataclasses.field(default_factory=dict)
    tested: Mapping[str, NDArray[np.float64]] = dataclasses.field(default_factory=dict)

    @property
    def measured(self) -> frozenset[str]:
        """The single attributes with a successful edit."""
        return self._measured - self.sets.keys()

    @property
    def measured_sets(self) -> frozenset[str]:
        """The sets of attributes with a successful edit."""
        return self._measured & self.sets.keys()

    @property
    def unseen(self) -> frozenset[str]:
        """Those that a screening left out."""
        return frozenset(self.screened) - self.measured

    @property
    def count(self) -> int:
        """How many single attributes there are, a screening's included."""
        return len(self.measured) + len(self.unseen)

    def family(self, sets: bool) -> dict[str, NDArray[np.float64]]:
        """The Δ of the sets of attributes, or of the single ones."""
        return {id: values for id, values in self.deltas.items() if (id in self.sets) == sets}

    def to_test(self, sets: bool) -> dict[str, NDArray[np.float64]]:
        """The same of what the p-values are of."""
        return {id: self.tested.get(id, values) for id, values in self.family(sets).items()}

    def to_the_end(self, placebos: bool) -> dict[str, NDArray[np.float64]]:
        """The Δ of the single attributes of a kind that no race dropped early; if it dropped everybody, of all."""
        singles = self.family(sets=False)
        whole = {id: values for id, values in singles.items() if id not in self.early} or singles
        return {id: values for id, values in whole.items() if (id in self.placebos) == placebos}

    @property
    def _measured(self) -> frozenset[str]:
        return frozenset(id for id, values in self.deltas.items() if not np.isnan(values).all())


def significance_of(tried: Tried, *, delta: float, targets: int = 1, seed: int = 0) -> Significance:
    """Judge all candidates of a search together: the single attributes as one family, the sets of them as another, so
    that nothing that is claimed of a single attribute depends on the sets that were tried as well.

    The correction is that of the sign-flip max-T, over all candidates of the family. After a race it is Holm's, over
    all of them too, and a candidate that was dropped early counts as one that shows nothing: the p-value on a number
    of images that was fixed beforehand is valid whoever was chosen to get them, and Bonferroni's bound is over all
    that might have been. What a screening with another editor left out counts in the same way.
    With several targets, of which each candidate shows the one it moves most, it is multiplied by their number.

    A set of attributes is put together from what looked strong, on the same images. Of many attributes that do nothing,
    the two that lean the same way most add up to what looks like an effect: among 40, on 24 images, corrected for the
    sets that were tried alone, one search in four found such a pair. So a set is also tested against each of its parts
    (:func:`~diffex_cli.search.statistics.multiplicity.one_sided_paired_p`), and as any other candidate might have been
    the one that was added, that p-value is multiplied by the number of candidates of both families. The larger p-value
    counts.

    Args:
        delta: δ: what explains an image, for the coverage.
    """
    stepwise, count = bool(tried.early or tried.unseen), tried.count * targets
    # as many flips as it takes for the smallest p-value to be small enough after the correction, and then some
    tests = max(1, count if stepwise else targets)
    flips = _flips(tests)
    candidates = tried.to_the_end(placebos=False)
    # the limits of a handful of images would make a floor that nothing rises above
    floor = noise_floor(
        tried.to_the_end(placebos=True),
        candidates,
        rivals=len(tried.measured - set(tried.placebos)) + len(tried.unseen),
        seed=seed,
    )
    real = {id: tried.deltas[id] for id in tried.kept if id in tried.deltas and id not in tried.placebos}
    covered = greedy_coverage(real, delta) if delta > 0 else ()
    bar = max(delta, floor.value)
    return Significance(
        floor=floor,
        detectable=_detectable(list(candidates.values()), count, bar, tests, flips),
        corrected_for=count,
        corrected_for_sets=len(tried.measured_sets) * targets,
        p_values={
            **_p_values_of_singles(tried, stepwise, targets, flips, seed),
            **_p_values_of_sets(tried, stepwise, targets, seed),
        },
        coverage={id: rank for rank, id in enumerate(covered, 1)},
    )


def _flips(tests: int) -> int:
    return min(max(FLIPS, round(2 / ALPHA) * tests), _MOST_FLIPS)


def _p_values_of_singles(tried: Tried, stepwise: bool, targets: int, flips: int, seed: int) -> dict[str, PValues]:
    found = max_t(tried.to_test(sets=False), flips=flips, seed=seed)
    if stepwise:
        known = {id: 1.0 if id in tried.early and one.n else one.raw for id, one in found.items()}
        step = holm(known | dict.fromkeys(tried.unseen, 1.0))
    else:
        step = {id: one.step_down for id, one in found.items()}
    return {
        id: PValues(one.raw, min(1.0, step[id] * targets))
        for id, one in found.items()
        if one.n and id not in tried.early
    }


def _p_values_of_sets(tried: Tried, stepwise: bool, targets: int, seed: int) -> dict[str, PValues]:
    """Those of "does nothing", corrected for the sets, and of "no more than a part", corrected for all candidates."""
    sets = len(tried.measured_sets)
    if not sets:
        return {}
    values = tried.to_test(sets=True)
    parts = tried.to_test(sets=False)
    found = max_t(values, flips=_flips(targets * (sets if stepwise else 1)), seed=seed)
    step = holm({id: one.raw for id, one in found.items()}) if stepwise else None
    p_values = {}
    for id in sorted(tried.measured_sets):
        alone = [parts[part] for part in tried.sets[id] if part not in tried.early]
        nothing = found[id].step_down if step is None else step[id]
        corrected = max(nothing, (tried.count + sets) * _no_more_than(values[id], alone))
        p_values[id] = PValues(found[id].raw, min(1.0, corrected * targets))
    return p_values


def _no_more_than(together: NDArray[np.float64], parts: Collection[NDArray[np.float64]]) -> float:
    """The p-value of "the set is no more influential than one of its parts"; 1 if they share too few images."""
    found = [one_sided_paired_p(together, part) for part in parts]
    return max((1.0 if math.isnan(p) else p for p in found), default=0.0)


def _detectable(rows: Collection[NDArray[np.float64]], candidates: int, bar: float, tests: int, flips: int) -> float:
    """By the median spread, on the images of the candidate that has the median number of them.

    Args:
        candidates: how many were looked at, times targets.
        bar: what an influence has to reach; NaN for nothing.
        tests: what the smallest p-value of so many sign flips is multiplied by.
    """
    finite = [row[~np.isnan(row)] for row in rows]
    finite = [row for row in finite if len(row) >= 2]
    if not finite or not candidates:
        return math.nan
    n = statistics.median_low(len(row) for row in finite)
    if tests / min(2 ** (n - 1), flips) > ALPHA:
        return math.inf
    sd = statistics.median(standard_deviation(row) for row in finite)
    least = smallest_detectable(n, sd, candidates, alpha=ALPHA, power=POWER)
    if math.isnan(bar):
        return least
    return max(least, bar + student_t_quantile(POWER, n - 1) * sd / math.sqrt(n))
