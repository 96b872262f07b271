"""Making edits and keeping them: what ``edit`` and ``search`` share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.core.errors import DiffexError
from diffex_cli.core.progress import Progress
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.stages import rates
from diffex_cli.stages.bench import Bench
from diffex_cli.stages.judging import Judge
from diffex_cli.stages.keeping import Keeper


class _Answered(NamedTuple):
    """What the editor's thread hands over to the keeper's."""

    request: EditRequest
    result: EditResult
    original: Image.Image


def make_edits(bench: Bench, requests: Sequence[EditRequest], progress: Progress, stage: str) -> tuple[EditRow, ...]:
    """Make the requested edits and write them as they come, parts of at most 16.

    Pictures are measured and written by a thread of their own while the editor goes on; a row is written
    after its picture. What is finished stays, whatever ends this: an error, an interrupt, or, but for the
    last few moments, a kill.

    Args:
        bench: gets the new rows in ``edits``.
        requests: edits that are missing.
        progress: hears of the task ``edit``, from that thread.
        stage: for the provenance.

    Returns:
        the new rows, in the order of the editor's answers.

    Raises:
        DiffexError: the editor did not answer every request once, or a file cannot be written.
        UsageError: the network for perceptual distances cannot be loaded; nothing was edited.
    """
    if not requests:
        return ()
    settings: dict[str, object] = {
        "editor": bench.settings.editor,
        "seed": bench.settings.seed,
        "editor_settings": bench.editor.settings,
    }
    perception = bench.perception
    if perception is not None:
        perception.load()
        settings["perceptual"] = perception.settings
    open_requests = {request.key: request for request in requests}
    writer = bench.run.edit_writer(provenance(stage, settings))
    judge = Judge(bench, perception, progress)
    rows: list[EditRow] = []

    def keep(answered: _Answered) -> None:
        row = judge.keep(*answered)
        writer.append(row)
        rows.append(row)
        bench.edits[row.edit] = row
        progress.advance("edit")

    progress.start("edit", len(open_requests))
    try:
        with Keeper(keep) as keeper:
            for result in bench.editor.edit(bench.pictures, requests, bench.settings.seed):
                request = open_requests.pop(result.key, None)
                if request is None:
                    raise DiffexError(f"the editor {bench.settings.editor} answered a request that is not open")
                # The original is looked up here: the keeper's thread must not touch the editor's pictures.
                keeper.put(_Answered(request, result, bench.pictures[request.image]))
    finally:
        writer.flush()
        rates.remember(bench.editor_fingerprint, rows)
    if open_requests:
        raise DiffexError(
            f"the editor {bench.settings.editor} left {len(open_requests)} of {len(requests)} edits undone"
        )
    return tuple(rows)
