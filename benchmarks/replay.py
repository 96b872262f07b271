"""The edits of a run directory behind the editors' seam, so that what was made once can be judged twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from PIL import Image

from diffex_cli.artifacts.keys import edit_key
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.editors.base import Editor, EditRequest, EditResult, EditStatus


class ReplayedEdits:
    """An :class:`~diffex_cli.editors.base.Editor` that makes nothing: it answers from a run directory."""

    def __init__(self, run: Path, editor: Editor) -> None:
        self._run, self._editor = RunDirectory(run), editor

    @property
    def fingerprint(self) -> str:
        """The editor's own."""
        return self._editor.fingerprint

    @property
    def settings(self) -> Mapping[str, object]:
        """The editor's own."""
        return self._editor.settings

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        """See :meth:`diffex_cli.editors.base.Editor.edit`; an edit that the run lacks is ``failed``."""
        rows = self._run.edits(self.fingerprint)
        for request in requests:
            row = rows.get(edit_key(request.image, request.candidate, self.fingerprint, seed))
            if row is None:
                yield EditResult(request.key, "failed", None, 0.0, "the run has no such edit")
            elif row.status == "failed":
                yield EditResult(request.key, "failed", None, row.seconds, row.reason)
            else:
                picture = self._run.edited_picture(row)
                yield EditResult(request.key, cast(EditStatus, row.status), picture, row.seconds, row.reason)
