"""From which reading on an attribute is seen: 0.5, or what a run's own readings say of a verifier that is no
probability. Pure functions.

What tells is what should change nothing: the readings of originals, reconstructions and placebo edits say at which
level, or at which two, an attribute is read where nobody asked for it; placebo edits against their reconstructions say
how much a reading moves by itself.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.search_document import SearchDocument
from diffex_cli.core.errors import IncompleteError

SEEN = 0.5
"""From this probability on an attribute is seen."""

PLACEBOS = 12
"""With fewer readings of placebo edits an attribute's are taken as they are."""

_END = math.log(99)
"""Log-odds beyond this (0.01 and 0.99) are all the same."""
_SURE = 3.0
"""The log-odds of the levels' means after the calibration: 0.05 and 0.95."""
_SEPARABLE = 0.85
"""The least share of the variance that two levels explain. Two halves of a uniform distribution explain 0.75, those of
a normal one 0.64 (Otsu 1979, section II, calls it η)."""
_NORMAL = 1.96 / 0.6745
"""Of a normal distribution, the 95 % quantile of absolute values by their median, which a few placebos that do change
an attribute leave alone."""

Floats = NDArray[np.float64]
Reading = Mapping[str, float]
"""Attribute → probability, of one picture."""


@dataclasses.dataclass(frozen=True, slots=True)
class Scale:
    """How an attribute's readings are meant.

    Attributes:
        threshold: the reading from which it is seen.
        width: what the log-odds above that are divided by.
        noise: by how much a probability may move, after the calibration, by itself.
    """

    threshold: float = SEEN
    width: float = 1.0
    noise: float = 0.0

    def probability(self, reading: float) -> float:
        """The calibrated one: rises with the reading, 0.5 at the threshold; NaN stays."""
        if self.threshold == SEEN and self.width == 1.0:
            return reading
        odds = (_log_odds(reading) - _log_odds(self.threshold)) / self.width
        return 1.0 / (1.0 + math.exp(-odds))


@dataclasses.dataclass(frozen=True, slots=True)
class Calibration:
    """The one way to ask whether an attribute is seen.

    Attributes:
        scales: by attribute; readings of others are taken as they are.
        placebos: how many placebo edits were read; ``None`` if the verifier's readings need no calibration.
    """

    scales: Mapping[str, Scale] = dataclasses.field(default_factory=dict)
    placebos: int | None = None

    def probability(self, id: str, reading: float) -> float:
        """Of a reading; :data:`SEEN` and more is seen."""
        scale = self.scales.get(id)
        return reading if scale is None else scale.probability(reading)

    def moved(self, id: str, before: float, after: float) -> bool:
        """Between two probabilities of this calibration lies more than noise; true if one is not known."""
        scale = self.scales.get(id)
        return scale is None or not abs(after - before) < scale.noise

    @property
    def warning(self) -> str | None:
        """A sentence if there are too few placebo edits."""
        if self.placebos is None or self.scales or self.placebos >= PLACEBOS:
            return None
        return (
            f"the verifier's readings could not be calibrated, since that takes {PLACEBOS} placebo edits that it has "
            f"looked at, and there are {self.placebos}: an attribute counts as seen from {SEEN:g} on"
        )


AS_READ = Calibration()
"""Of a verifier that gives probabilities."""


def of_search(search: SearchDocument) -> Calibration:
    """How a search took its verifier's readings."""
    found = search.calibration
    if found is None:
        return AS_READ
    return Calibration(
        {one.attribute: Scale(one.threshold, one.width, one.noise) for one in found.scales}, found.placebos
    )


def of_last_search(run: RunDirectory, fingerprint: str) -> Calibration:
    """How the last search took the readings of the verifier with this fingerprint; as they are, if it had another."""
    try:
        search = run.search()
    except IncompleteError:
        return AS_READ
    used = search.verifier is not None and search.verifier.fingerprint == fingerprint
    return of_search(search) if used else AS_READ


def calibrate(pictures: Sequence[Reading], placebos: Sequence[tuple[Reading, Reading]]) -> Calibration:
    """Fit every attribute's scale.

    Args:
        pictures: originals and reconstructions.
        placebos: reconstruction and edit.
    """
    ids = sorted({id for _, after in placebos for id in after})
    found = {id: _scale(id, pictures, placebos) for id in ids}
    return Calibration({id: scale for id, scale in found.items() if scale is not None}, len(placebos))


def _scale(id: str, pictures: Sequence[Reading], placebos: Sequence[tuple[Reading, Reading]]) -> Scale | None:
    """``None`` if too few placebos were read."""
    pairs = [(before.get(id, math.nan), after.get(id, math.nan)) for before, after in placebos]
    pairs = [(before, after) for before, after in pairs if math.isfinite(before) and math.isfinite(after)]
    if len(pairs) < PLACEBOS:
        return None
    still = [*(one.get(id, math.nan) for one in pictures), *(after for _, after in pairs)]
    readings = np.sort([_log_odds(one) for one in still if math.isfinite(one)])
    scale = _between(readings, noise=_spread([_log_odds(after) - _log_odds(before) for before, after in pairs]))
    moves = [scale.probability(after) - scale.probability(before) for before, after in pairs]
    return dataclasses.replace(scale, noise=_spread(moves))


def _between(readings: Floats, noise: float) -> Scale:
    """Halfway between two levels, if there are two that are further apart than noise; 0.5 otherwise.

    Args:
        readings: log-odds, sorted.
    """
    low, high, share = _two_levels(readings)
    if share < _SEPARABLE or high - low <= 2 * noise:
        return Scale()
    middle = (low + high) / 2
    return Scale(1.0 / (1.0 + math.exp(-middle)), min(1.0, (high - low) / (2 * _SURE)))


def _two_levels(readings: Floats) -> tuple[float, float, float]:
    """The means of the two parts of sorted numbers that explain most of their variance, and the share that they do
    (Otsu 1979)."""
    n, total = len(readings), float(((readings - readings.mean()) ** 2).sum())
    if n < 2 or total <= 1e-12:
        return 0.0, 0.0, 0.0
    below = np.arange(1, n)
    sums = np.cumsum(readings)
    low, high = sums[:-1] / below, (sums[-1] - sums[:-1]) / (n - below)
    between = below * (n - below) / n * (high - low) ** 2
    best = int(between.argmax())
    return float(low[best]), float(high[best]), float(between[best]) / total


def _spread(moves: Sequence[float]) -> float:
    return _NORMAL * float(np.median(np.abs(moves)))


def _log_odds(reading: float) -> float:
    if math.isnan(reading):
        return math.nan
    if reading <= 0 or reading >= 1:
        return math.copysign(_END, reading - SEEN)
    return min(_END, max(-_END, math.log(reading / (1 - reading))))
