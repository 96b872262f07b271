"""Making edits and keeping them: what ``edit`` and ``search`` share."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Generic, NamedTuple, Self, TypeVar

from PIL import Image

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.core.progress import Progress
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.measure import rates
from diffex_cli.measure.judging import EditChecker
from diffex_cli.measure.session import Session
from diffex_cli.measure.telling import Editing

T = TypeVar("T")


class BackgroundWriter(Generic[T]):
    """Calls a function on every item that is put, one after the other, in their order.

    A context manager. Leaving it waits for all that was put, whatever the reason for leaving.
    After the function's first error, an interrupt included, the rest is thrown away, and the error is
    raised by the next :meth:`put`, or else on leaving.

    Args:
        depth: how many items may wait or be worked on; :meth:`put` waits for room, so that a slow disk
            cannot fill the memory.
    """

    def __init__(self, keep: Callable[[T], None], depth: int = 16) -> None:
        self._keep = keep
        self._room = threading.BoundedSemaphore(depth)
        self._error: BaseException | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")

    def __enter__(self) -> Self:
        return self

    def put(self, item: T) -> None:
        """Hand over one item; raises what the function raised at an earlier one."""
        self._room.acquire()
        if self._error is not None:
            self._room.release()
            raise self._error
        self._thread.submit(self._work, item)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True)
        if error is None and self._error is not None:
            raise self._error

    def _work(self, item: T) -> None:
        try:
            if self._error is None:
                self._keep(item)
        except BaseException as error:
            self._error = error
        finally:
            self._room.release()


class _Answered(NamedTuple):
    """What the editor's thread hands over to the writer's."""

    request: EditRequest
    result: EditResult
    original: Image.Image


def make_edits(
    session: Session, requests: Sequence[EditRequest], progress: Progress, stage: str
) -> tuple[EditRow, ...]:
    """Make the requested edits and write them as they come, parts of at most 16.

    Pictures are measured and written by a thread of their own while the editor goes on; a row is written
    after its picture. What is finished stays, whatever ends this: an error, an interrupt, or, but for the
    last few moments, a kill.

    Returns:
        the new rows, in the order of the editor's answers.
    """
    if not requests:
        return ()
    settings: dict[str, object] = {
        "editor": session.settings.editor,
        "seed": session.settings.seed,
        "editor_settings": session.editor.settings,
    }
    perception = session.perception
    if perception is not None:
        perception.load()
        settings["perceptual"] = perception.settings
    writer = session.run.edit_writer(provenance(stage, settings))
    checker = EditChecker(session, perception, progress)
    rows: list[EditRow] = []

    def keep(answered: _Answered) -> None:
        row = checker.keep(*answered)
        writer.append(row)
        rows.append(row)
        session.edits[row.edit] = row
        if row.status != "failed":
            session.proved.add("editor")
        progress.advance("edit")
        telling.met(answered.request)

    looked_at_next = stage == "search"
    if looked_at_next:
        session.just_made.begin()
    progress.start("edit", len(requests))
    telling = Editing(session, requests, progress, scored=looked_at_next)
    try:
        with BackgroundWriter(keep) as background:
            for answered in _answers(session, requests):
                background.put(answered)
    finally:
        writer.flush()
        session.run.note_saved()
        telling.end()
        rate = rates.seconds_per_edit(rows)
        rates.remember(session.forecast.rates | ({} if rate is None else {session.editor_fingerprint: rate}))
    return tuple(rows)


def _answers(session: Session, requests: Sequence[EditRequest]) -> Iterator[_Answered]:
    asked = {request.key: request for request in requests}
    for result in session.editor.edit(session.pictures, requests, session.settings.seed):
        request = asked[result.key]
        # The original is looked up here: the writer's thread must not touch the editor's pictures.
        yield _Answered(request, result, session.pictures[request.image])


@dataclasses.dataclass(frozen=True, slots=True)
class Tally:
    """A sum of edits. The means are over those that have a picture, reconstructions left out.

    Attributes:
        changed: mean share of pixels that changed; ``None`` without an edit, as all that follow.
        change_inside: mean change inside the mask, in [0, 1], of those that have one.
        saturated: mean share of pixels newly at the end of the range.
        perceptual: mean perceptual distance to the input, of those for which it was measured.
    """

    no_ops: int
    failed: int
    failure: str | None
    changed: float | None
    change_inside: float | None
    change_outside: float | None
    saturated: float | None
    perceptual: float | None


def tally(rows: Iterable[EditRow]) -> Tally:
    """Sum up rows; of reasons that are equally frequent, the first by the alphabet."""
    all_rows = list(rows)
    reasons = Counter(row.reason or "" for row in all_rows if row.status == "failed")
    edits = [row for row in all_rows if row.status != "failed" and row.candidate]
    return Tally(
        no_ops=sum(row.status == "no-op" for row in all_rows),
        failed=reasons.total(),
        failure=min(reasons, key=lambda reason: (-reasons[reason], reason), default=None),
        changed=_mean(row.changed for row in edits),
        change_inside=_mean(row.change_inside for row in edits),
        change_outside=_mean(row.change_outside for row in edits),
        saturated=_mean(row.saturated for row in edits),
        perceptual=_mean(row.perceptual for row in edits),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
