"""The corrections of a search's effects: fitted on a snapshot of its edits, so that all its figures are of one fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from diffex_cli.core.hierarchy import Candidate
from diffex_cli.search.checked import Checked
from diffex_cli.search.pooling import Parts
from diffex_cli.search.statistics.adjusted import Correction
from diffex_cli.search.statistics.intervals import Estimate

Floats = NDArray[np.float64]
Edited = Sequence[tuple[Parts, str]]
"""What is edited, and the key of the image."""
Measured = Callable[[Candidate, Sequence[str]], Floats]
"""What is edited, on which images → Δ as measured."""


class Corrections:
    """One correction a target; none before the first :meth:`renew`.

    Args:
        images: keys of those that the search uses.
    """

    def __init__(self, checked: Checked, images: Sequence[str], seed: int) -> None:
        self.checked, self._seed = checked, seed
        self._images = sorted(images)  # the table's order has no influence
        self._rows = {image: row for row, image in enumerate(self._images)}
        self._edits: dict[tuple[str, str], Candidate] = {}
        self._fitted: dict[tuple[str, str], Candidate] = {}
        self._fits: dict[str, Correction | None] = {}

    def add(self, edits: Iterable[tuple[Candidate, str]]) -> None:
        """These were made: the next fit is on them too."""
        self._edits |= {(one.id, image): one for one, image in edits if one.terms and image in self._rows}

    def renew(self) -> bool:
        """From now on correct by all edits so far; false if there are none that the last fit was not on."""
        if self._edits.keys() == self._fitted.keys():
            return False
        self._fitted, self._fits = dict(self._edits), {}
        return True

    def of(self, target: str, measured: Measured) -> Correction | None:
        """A target's correction; ``None`` if there is none (yet)."""
        if self._fitted and target not in self._fits:
            images: dict[str, list[str]] = {}
            for id, image in sorted(self._fitted):
                images.setdefault(id, []).append(image)
            candidates = {one.id: one for one in self._fitted.values()}
            edits = [
                (candidates[id], image, delta)
                for id, own in images.items()
                for image, delta in zip(own, measured(candidates[id], own).tolist(), strict=True)
            ]
            self._fits[target] = self.checked.fitted(edits, self._images, self._seed)
        return self._fits.get(target)

    def corrected(self, correction: Correction, deltas: Floats, edited: Edited) -> Floats:
        """Δ after the correction, of these edits."""
        if not edited:
            return deltas
        return correction.corrected(deltas, self._lacking(edited), [self._rows.get(image, -1) for _, image in edited])

    def interval(self, correction: Correction, deltas: Floats, edited: Edited) -> Estimate:
        """The mean of the same, with its interval; of images of the search."""
        measured, lacking = np.full(len(self._images), math.nan), np.zeros((len(self._images), self.checked.width))
        rows = [self._rows[image] for _, image in edited]
        measured[rows], lacking[rows] = deltas, self._lacking(edited)
        return correction.interval(measured, lacking)

    def _lacking(self, edited: Edited) -> Floats:
        found = np.zeros((len(edited), self.checked.width))
        for row, (parts, image) in zip(found, edited, strict=True):
            for one, share in parts:
                row += share * self.checked.lacking(one, image)
        return found
