"""From an editor's result to a row of ``edits/``."""

from __future__ import annotations

import math

from PIL import Image

from diffex_cli.artifacts.pictures import LazyPictures
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.classifiers.perception import Perception
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.core.progress import Progress
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.stages.bench import Bench
from diffex_cli.stages.measuring import CHANGED, breakage, differ, measure, misfit


class Judge:
    """Measures results and keeps their pictures; for one thread at a time.

    Args:
        bench: whose run gets the pictures, and whose ``edits`` hold the reconstructions.
        perception: measures the perceptual distance; ``None`` for nothing.
        progress: hears if it cannot.
    """

    def __init__(self, bench: Bench, perception: Perception | None, progress: Progress) -> None:
        self._bench = bench
        self._perception = perception
        self._progress = progress
        self._reconstructions = LazyPictures(bench.images, self._read_reconstruction, keep=8)

    def keep(self, request: EditRequest, result: EditResult, original: Image.Image) -> EditRow:
        """Judge one result, write its picture, and return its row.

        Args:
            request: what was asked for.
            result: the editor's answer.
            original: the input, RGB.
        """
        if result.status == "failed":
            return self._failed(request, result, result.reason or "the editor gave no reason")
        fault = misfit(original, result.image, result.mask)
        if fault:
            return self._failed(request, result, fault)
        assert result.image is not None
        picture = result.image.convert("RGB")
        measures = measure(original, picture, result.mask)
        fault = breakage(original, picture, measures.saturated)
        if fault:
            return self._failed(request, result, fault)
        status, reason = result.status, result.reason
        unchanged = self._unchanged(request, original, picture) if status == "ok" else None
        if unchanged:
            status, reason = "no-op", unchanged
        return EditRow(
            edit=request.key,
            image=request.image,
            candidate=request.candidate.id,
            editor=self._bench.editor_fingerprint,
            seed=self._bench.settings.seed,
            file=self._bench.run.save_edited(picture),
            status=status,
            reason=reason,
            changed=measures.changed,
            mean_change=measures.mean_change,
            seconds=result.seconds,
            mask_share=measures.mask_share,
            change_inside=measures.change_inside,
            change_outside=measures.change_outside,
            saturated=measures.saturated,
            perceptual=self._distance(request.image, original, picture),
        )

    def _failed(self, request: EditRequest, result: EditResult, reason: str) -> EditRow:
        return EditRow(
            edit=request.key,
            image=request.image,
            candidate=request.candidate.id,
            editor=self._bench.editor_fingerprint,
            seed=self._bench.settings.seed,
            file=None,
            status="failed",
            reason=reason,
            changed=0.0,
            mean_change=0.0,
            seconds=result.seconds,
        )

    def _unchanged(self, request: EditRequest, original: Image.Image, picture: Image.Image) -> str | None:
        """Why an edit is a no-op, if it is. What it has to differ from is the reconstruction, which has
        the editor's own losses in it, as far as that is there."""
        if not request.candidate.terms:
            return None
        row = self._bench.edits.get(self._bench.key(request.image, RECONSTRUCTION))
        reconstructed = row is not None and row.file is not None
        if differ(self._reconstructions[request.image] if reconstructed else original, picture):
            return None
        what = "the reconstruction" if reconstructed else "the input (there is no reconstruction yet)"
        return f"no channel of any pixel differs from {what} by more than {CHANGED}/255"

    def _read_reconstruction(self, image: str) -> Image.Image:
        return self._bench.run.edited_picture(self._bench.edits[self._bench.key(image, RECONSTRUCTION)])

    def _distance(self, image: str, original: Image.Image, picture: Image.Image) -> float | None:
        if self._perception is None:
            return None
        try:
            distance = self._perception.distance(original, picture, key=image)
        except Exception as error:  # a figure for people is no reason to lose an edit
            self._perception = None
            self._progress.note(f"no perceptual distances from here on: {' '.join(str(error).split())[:200]}")
            return None
        return distance if math.isfinite(distance) else None
