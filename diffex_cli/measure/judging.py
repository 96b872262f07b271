"""From an editor's result to a row of ``edits/``."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.pictures import LazyPictures
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.classifiers.perception import Perception
from diffex_cli.core.errors import one_line
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.core.progress import Progress
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.measure.session import Session

CHANGED = 16
"""A pixel has changed if a channel differs by more than this, of 255."""

INSIDE = 128
"""A pixel is inside a mask of at least this, of 255."""

BLOWN = 0.95
"""A picture of which a larger share of pixels became saturated is broken."""

_RANGE = 3 * 255
"""The largest difference of two pixels, summed over the channels."""


@dataclasses.dataclass(frozen=True, slots=True)
class Measures:
    """The columns of the same names in ``diffex.edits/1``; ``None`` for a part without pixels."""

    changed: float
    mean_change: float
    saturated: float
    mask_share: float | None = None
    change_inside: float | None = None
    change_outside: float | None = None


def measure(original: Image.Image, edited: Image.Image, mask: Image.Image | None = None) -> Measures:
    """How much two RGB pictures of one size differ, and where.

    Args:
        mask: mode ``L``, of the same size: where the editor let itself act.
    """
    before, after = _planes(original), _planes(edited)
    difference = _difference(before, after)
    total = difference.sum(axis=0, dtype=np.uint16)
    new_extremes = ((after == 0) | (after == 255)) & (before != 0) & (before != 255)
    measures = Measures(
        changed=float((difference.max(axis=0) > CHANGED).mean()),
        mean_change=float(total.mean()) / _RANGE,
        saturated=float(new_extremes.any(axis=0).mean()),
    )
    if mask is None:
        return measures
    inside = np.asarray(mask) >= INSIDE
    return dataclasses.replace(
        measures,
        mask_share=float(inside.mean()),
        change_inside=_mean(total[inside]),
        change_outside=_mean(total[~inside]),
    )


def differ(one: Image.Image, other: Image.Image) -> bool:
    """Whether any channel of any pixel of two RGB pictures of one size differs by more than 16 of 255."""
    return bool(_difference(_planes(one), _planes(other)).max() > CHANGED)


def breakage(original: Image.Image, edited: Image.Image, saturated: float) -> str | None:
    """Why an RGB picture is no edit but the output of a computation that broke, if it is.

    That is one colour all over, which the input was not (what is not a number usually becomes black), or more
    than 95 % of the pixels newly saturated.
    """
    if _plain(edited) and not _plain(original):
        return "the picture is one colour all over: the editor's computation broke, as half precision may"
    if saturated > BLOWN:
        return f"more than {BLOWN:.0%} of the pixels became saturated: the editor's computation broke, or overdid it"
    return None


def _planes(picture: Image.Image) -> NDArray[np.uint8]:
    """Shape (3, height, width): numpy is several times faster along the first axis than along a short last one."""
    return np.ascontiguousarray(np.asarray(picture).transpose(2, 0, 1))


def _difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.maximum(one, other) - np.minimum(one, other)


def _plain(picture: Image.Image) -> bool:
    planes = _planes(picture)
    return bool((planes == planes[:, :1, :1]).all())


def _mean(totals: NDArray[np.uint16]) -> float | None:
    return float(totals.mean()) / _RANGE if totals.size else None


class EditChecker:
    """Measures results and keeps their pictures; for one thread at a time.

    Args:
        session: whose run gets the pictures, and whose ``edits`` hold the reconstructions.
    """

    def __init__(self, session: Session, perception: Perception | None, progress: Progress) -> None:
        self._session = session
        self._perception = perception
        self._progress = progress
        self._reconstructions = LazyPictures(session.images, self._read_reconstruction, keep=8)

    def keep(self, request: EditRequest, result: EditResult, original: Image.Image) -> EditRow:
        """Check one result, write its picture, and return its row."""
        failed = EditRow(
            edit=request.key,
            image=request.image,
            candidate=request.candidate.id,
            editor=self._session.editor_fingerprint,
            seed=self._session.settings.seed,
            file=None,
            status="failed",
            reason=result.reason or "the editor gave no reason",
            changed=0.0,
            mean_change=0.0,
            seconds=result.seconds,
        )
        if result.status == "failed":
            return failed
        assert result.image is not None
        picture = result.image
        measures = measure(original, picture, result.mask)
        fault = breakage(original, picture, measures.saturated)
        if fault:
            return dataclasses.replace(failed, reason=fault)
        unchanged = self._unchanged(request, original, picture) if result.status == "ok" else None
        file = self._session.run.save_edited(picture)
        self._session.just_made.put(file, picture)
        return dataclasses.replace(
            failed,
            file=file,
            status="no-op" if unchanged else result.status,
            reason=unchanged or result.reason,
            perceptual=self._distance(request.image, original, picture),
            **dataclasses.asdict(measures),
        )

    def _unchanged(self, request: EditRequest, original: Image.Image, picture: Image.Image) -> str | None:
        """Why an edit is a no-op, if it is. What it has to differ from is the reconstruction, which has
        the editor's own losses in it, as far as that is there."""
        if not request.candidate.terms:
            return None
        row = self._session.edits.get(self._session.key(request.image, RECONSTRUCTION))
        reconstructed = row is not None and row.file is not None
        if differ(self._reconstructions[request.image] if reconstructed else original, picture):
            return None
        what = "the reconstruction" if reconstructed else "the input (there is no reconstruction yet)"
        return f"no channel of any pixel differs from {what} by more than {CHANGED}/255"

    def _read_reconstruction(self, image: str) -> Image.Image:
        return self._session.edited_picture(self._session.edits[self._session.key(image, RECONSTRUCTION)])

    def _distance(self, image: str, original: Image.Image, picture: Image.Image) -> float | None:
        if self._perception is None:
            return None
        try:
            distance = self._perception.distance(original, picture, key=image)
        except Exception as error:  # a figure for people is no reason to lose an edit
            self._perception = None
            self._progress.note(f"no perceptual distances from here on: {one_line(error, 200)}")
            return None
        return distance
