"""Which edits there is nothing to ask about: failed ones, and those of pictures that showed the attribute before."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.rows import EditRow
from diffex_cli.birds.records import shows_already
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate
from diffex_cli.measure.judging import CHANGED
from diffex_cli.report.finished import FinishedRun

LITTLE = 1 / 3
"""An edit that changes less than this part of what the median edit of its attribute changes found it there already, it
seems: of the demo's birds, whose records tell, 24 of the 64 pictures that showed the attribute before, and none of the
208 others; a half would find 44 of the 64, and 1 of the 208."""
_SIDE = 256
"""Longer side at which pictures are compared: what matters is how much of them changed."""


REASONS = {
    "failed": "the edit failed",
    "unchanged": "nothing changed",
    "known": "the picture showed the attribute already",
    "little": "so little changed that the picture probably showed the attribute already",
}
"""Why an edit is left out: the field of :class:`LeftOut` that counts it, and the reason."""


@dataclasses.dataclass(slots=True)
class LeftOut:
    """How many of a study's possible edits were left out, and why.

    Attributes:
        edits: all that were made, or tried.
        failed: there is no picture.
        unchanged: the edit changed nothing.
        known: the picture is known to have shown the attribute before.
        little: the edit changed so little that the attribute was probably there before.
    """

    edits: int = 0
    failed: int = 0
    unchanged: int = 0
    known: int = 0
    little: int = 0

    @property
    def total(self) -> int:
        """All that were left out."""
        return sum(getattr(self, name) for name in REASONS)


class Sieve:
    """Keeps the edits of a run that participants can be asked about, and counts the others in ``left_out``."""

    def __init__(self, run: FinishedRun) -> None:
        self._run = run
        self._before: dict[str, NDArray[np.int16]] = {}
        self.left_out = LeftOut()

    def worth_asking(self, candidate: Candidate) -> dict[str, str]:
        """Image's key → edit's key, of the edits of a candidate."""
        found = {image: self._run.edit(image, candidate) for image in self._run.images}
        edits = {image: edit for image, edit in found.items() if edit is not None}
        changed = {image: edit for image, edit in edits.items() if edit.status == "ok"}
        known = {image: shows_already(image, candidate) for image in changed}
        open_ = {image: edit for image, edit in changed.items() if not known[image]}
        little = {image for image in self._little(open_) if known[image] is None}
        count, statuses = self.left_out, [edit.status for edit in edits.values()]
        count.edits += len(edits)
        count.failed += statuses.count("failed")
        count.unchanged += statuses.count("no-op")
        count.known += len(changed) - len(open_)
        count.little += len(little)
        return {image: edit.edit for image, edit in open_.items() if image not in little}

    def _little(self, edits: Mapping[str, EditRow]) -> set[str]:
        """The images whose edit changes far fewer pixels than the candidate's edits usually do."""
        if not edits:
            return set()
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            shares = dict(zip(edits, pool.map(self._share, edits, edits.values()), strict=True))
        usual = float(np.median(list(shares.values())))
        return {image for image, share in shares.items() if share < LITTLE * usual}

    def _share(self, image: str, edit: EditRow) -> float:
        """Share of pixels that differ visibly from what the editor makes of the picture unasked."""
        if image not in self._before:
            self._before[image] = self._picture_before(image)
        before, after = self._before[image], _small(self._run.run.edited_picture(edit))
        if before.shape != after.shape:
            return 1.0
        return float((np.abs(after - before).max(axis=-1) > CHANGED).mean())

    def _picture_before(self, image: str) -> NDArray[np.int16]:
        base = self._run.edit(image, RECONSTRUCTION)
        if base is not None and base.file is not None:
            return _small(self._run.run.edited_picture(base))
        return _small(self._run.run.picture(self._run.images[image]))


def _small(picture: Image.Image) -> NDArray[np.int16]:
    small = picture.convert("RGB")
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(small, np.int16)
