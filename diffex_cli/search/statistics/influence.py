"""The influence of one attribute on one classifier: Eq. 1 and 2 of the paper, and their uncertainty.

The paper subtracts the mean logit of the originals from the mean logit of the edited images. Here
the difference is taken image by image, and against the editor's unedited reconstruction, so that
what the editor does to every image (auto-encoder, resize) cancels.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diffex_cli.search.statistics.student import student_t_quantile

CONFIDENCE = 0.95


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """What one candidate does to the target's logit.

    All figures are over the images whose edit succeeded; they do not depend on the images' order,
    to the last bit.

    Attributes:
        deltas: shape (n_images,): logit of the edited image minus logit of the same image's reconstruction; NaN where
            the edit failed. Infinite ones are a ``ValueError``.
    """

    candidate_id: str
    deltas: NDArray[np.float64]

    def __init__(self, candidate_id: str, deltas: ArrayLike) -> None:
        array = np.array(deltas, dtype=np.float64)
        if array.ndim != 1:
            raise ValueError(f"the deltas of {candidate_id!r} have shape {array.shape}, not (n_images,)")
        if np.isinf(array).any():
            raise ValueError(f"the deltas of {candidate_id!r} are not all finite")
        array.setflags(write=False)
        object.__setattr__(self, "candidate_id", candidate_id)
        object.__setattr__(self, "deltas", array)

    @property
    def n(self) -> int:
        """The number of images whose edit succeeded."""
        return len(self._finite)

    @property
    def effect(self) -> float:
        """The signed mean Δ, in logits; NaN if no edit succeeded."""
        return math.fsum(self._finite) / self.n if self.n else math.nan

    @property
    def influence(self) -> float:
        """I(s) = |mean Δ| (Eq. 1), in logits; NaN if no edit succeeded."""
        return abs(self.effect)

    @property
    def reach(self) -> float:
        """The mean of |Δ|, in logits: never below the influence, and above it where the images
        disagree about the sign; NaN if no edit succeeded."""
        return max(math.fsum(map(abs, self._finite)) / self.n, self.influence) if self.n else math.nan

    @property
    def student_low(self) -> float:
        """Lower end of the 95 % Student-t interval of the effect; NaN for fewer than two images."""
        return self.effect - self._half_width

    @property
    def student_high(self) -> float:
        """Upper end of the 95 % Student-t interval of the effect; NaN for fewer than two images."""
        return self.effect + self._half_width

    @property
    def _finite(self) -> list[float]:
        values: list[float] = self.deltas[~np.isnan(self.deltas)].tolist()
        return values

    @property
    def _half_width(self) -> float:
        n, mean = self.n, self.effect
        if n < 2:
            return math.nan
        variance = math.fsum((delta - mean) * (delta - mean) for delta in self._finite) / (n - 1)
        return student_t_quantile((1 + CONFIDENCE) / 2, n - 1) * math.sqrt(variance / n)


def order(value: float, id: str) -> tuple[bool, float, str]:
    """Sort key: large before small, then by id; NaN last."""
    return (math.isnan(value), 0.0 if math.isnan(value) else -value, id)
