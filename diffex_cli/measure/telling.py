"""What a session tells its forecast: the kinds of work that there are, and how much of each is done."""

from __future__ import annotations

from collections.abc import Sequence

from diffex_cli.core.progress import Progress
from diffex_cli.editors.base import EditRequest, Work
from diffex_cli.measure.session import Session


def edits_ahead(session: Session, edits: float, scored: bool) -> dict[str, float]:
    """So many edits by the session's editor, reconstructions left out, as work; ``scored``: their scores are, too."""
    work = {_kind(session, "edit"): edits}
    return work | {_scoring(session): edits} if scored else work


class Editing:
    """Tells of requests as they are met.

    Args:
        scored: all that is edited will be scored afterwards.
    """

    def __init__(self, session: Session, requests: Sequence[EditRequest], progress: Progress, scored: bool) -> None:
        self._session, self._progress = session, progress
        images = sum(not request.candidate.terms for request in requests)
        work = edits_ahead(session, len(requests) - images, scored)
        work[_kind(session, "image")] = images
        if scored:
            work[_scoring(session)] += images
        self._in_parts = session.editor.tell(self._did)
        if self._in_parts:
            work[_kind(session, "load")] = 1
        session.forecast.start(work, progress)

    def met(self, request: EditRequest) -> None:
        """A request was met and its picture kept."""
        if not request.candidate.terms:
            self._session.forecast.skip(_kind(self._session, "image"), 1, self._progress)
        elif not self._in_parts:
            self._did("edit", 1)

    def end(self) -> None:
        """There is no more; what was not told of belongs to the edits."""
        self._did("edit", 0)

    def _did(self, work: Work, amount: float) -> None:
        self._session.forecast.skip(_kind(self._session, "load"), 1, self._progress)
        self._session.forecast.did(_kind(self._session, work), amount, self._progress)


class Scoring:
    """Tells of pictures as they are scored."""

    def __init__(self, session: Session, pictures: int, progress: Progress) -> None:
        self._session, self._progress = session, progress
        session.forecast.start({_scoring(session): pictures}, progress)

    def did(self, pictures: int) -> None:
        """So many were scored."""
        self._session.forecast.did(_scoring(self._session), pictures, self._progress)


class Verifying:
    """Tells of pictures as a verifier sees them.

    Args:
        fingerprint: of the verifier.
    """

    def __init__(self, session: Session, fingerprint: str, pictures: int, progress: Progress) -> None:
        self._forecast, self._progress = session.forecast, progress
        self._work = f"{fingerprint} verify"
        session.forecast.start({self._work: pictures}, progress)

    def did(self, pictures: int) -> None:
        """So many were seen."""
        self._forecast.did(self._work, pictures, self._progress)


def _kind(session: Session, work: Work) -> str:
    return f"{session.editor_fingerprint} {work}"


def _scoring(session: Session) -> str:
    return f"{session.classifier.fingerprint} score"
