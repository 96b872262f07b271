"""Making edits and keeping them: what ``edit`` and ``search`` share."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from PIL import Image

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.errors import DiffexError
from diffex_cli.stages import rates
from diffex_cli.stages.bench import Bench
from diffex_cli.stages.progress import Progress

CHANGED = 16
"""A pixel has changed if a channel differs by more than this, of 255."""


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """How much an edit changed its input: the columns ``changed`` and ``mean_change``."""

    changed: float
    mean_change: float


def make_edits(bench: Bench, requests: Sequence[EditRequest], progress: Progress, stage: str) -> tuple[EditRow, ...]:
    """Make the requested edits and write them as they come, parts of at most 16.

    What is finished stays, whatever ends this: an error, an interrupt, or, but for the last few
    moments, a kill.

    Args:
        bench: gets the new rows in ``edits``.
        requests: edits that are missing.
        progress: hears of the task ``edit``.
        stage: for the provenance.

    Returns:
        the new rows.

    Raises:
        DiffexError: the editor did not answer every request once.
    """
    if not requests:
        return ()
    open_requests = {request.key: request for request in requests}
    settings = {"editor": bench.settings.editor, "seed": bench.settings.seed, "editor_settings": bench.editor.settings}
    writer = bench.run.edit_writer(provenance(stage, settings))
    rows: list[EditRow] = []
    progress.start("edit", len(open_requests))
    try:
        for result in bench.editor.edit(bench.pictures, requests, bench.settings.seed):
            request = open_requests.pop(result.key, None)
            if request is None:
                raise DiffexError(f"the editor {bench.settings.editor} answered a request that is not open")
            row = _keep(bench, request, result)
            writer.append(row)
            rows.append(row)
            bench.edits[row.edit] = row
            progress.advance("edit")
    finally:
        writer.flush()
        rates.remember(bench.editor_fingerprint, rows)
    if open_requests:
        raise DiffexError(
            f"the editor {bench.settings.editor} left {len(open_requests)} of {len(requests)} edits undone"
        )
    return tuple(rows)


def _keep(bench: Bench, request: EditRequest, result: EditResult) -> EditRow:
    """Judge one result and keep its picture."""
    original = bench.pictures[request.image]
    status, reason, picture = result.status, result.reason, result.image
    fault = None if status == "failed" else _fault(original, picture)
    if fault:
        status, reason = "failed", fault
    file, change = None, Change(0.0, 0.0)
    if status == "failed":
        reason = reason or "the editor gave no reason"
    else:
        assert picture is not None
        picture = picture.convert("RGB")
        change = measure(original, picture)
        if status == "ok" and change.changed == 0 and request.candidate.terms:
            status, reason = "no-op", f"no channel of any pixel changed by more than {CHANGED}/255"
        file = bench.run.save_edited(picture)
    return EditRow(
        edit=request.key,
        image=request.image,
        candidate=request.candidate.id,
        editor=bench.editor_fingerprint,
        seed=bench.settings.seed,
        file=file,
        status=status,
        reason=reason,
        changed=change.changed,
        mean_change=change.mean_change,
        seconds=result.seconds,
    )


def _fault(original: Image.Image, picture: Image.Image | None) -> str | None:
    """Why a picture cannot be an edit of the original."""
    if picture is None:
        return "the editor returned no picture"
    if picture.size != original.size:
        return f"the editor returned {picture.width}x{picture.height} pixels for {original.width}x{original.height}"
    if picture.mode == "F" and not np.isfinite(np.asarray(picture)).all():
        return "the editor returned pixels that are not finite"
    return None


def measure(original: Image.Image, edited: Image.Image) -> Change:
    """How much two RGB pictures of one size differ."""
    before, after = (np.asarray(picture, dtype=np.int16) for picture in (original, edited))
    difference = np.abs(after - before)
    return Change(float((difference.max(axis=2) > CHANGED).mean()), float(difference.mean() / 255))
