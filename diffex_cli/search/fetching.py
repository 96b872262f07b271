"""Edits and scores for a search: made where they are missing, or asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from diffex_cli.artifacts.rows import EditRow
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.core.progress import Progress
from diffex_cli.measure.making import make_edits
from diffex_cli.measure.scoring import make_scores, unscored
from diffex_cli.measure.self_test import check_verifier
from diffex_cli.measure.session import EditWish, Session
from diffex_cli.measure.verifying import make_readings, missing_readings
from diffex_cli.search.asking import ask, ask_for_readings


class Requester:
    """Gets candidates edited and scored, and counts.

    Args:
        fill: make what is missing; otherwise ask for it in ``requests.parquet``.
        before: another one, whose edits count too.
    """

    def __init__(self, session: Session, progress: Progress, fill: bool, before: Requester | None = None) -> None:
        self._session = session
        self._progress = progress
        self._fill = fill
        self._asked: set[str] = set()
        self._made = 0
        self._before = before

    @property
    def asked(self) -> int:
        """How many edits were asked for, whether or not they were there; reconstructions are edits too."""
        return len(self._keys)

    @property
    def made(self) -> int:
        """How many edits were made now."""
        return self._made + (self._before.made if self._before else 0)

    @property
    def edits(self) -> list[EditRow]:
        """Those of the edits asked for that there are."""
        earlier = {row.edit: row for row in self._before.edits} if self._before else {}
        own = {key: self._session.edits[key] for key in self._asked if key in self._session.edits}
        return list((earlier | own).values())

    @property
    def _keys(self) -> set[str]:
        return self._asked | self._before._keys if self._before else self._asked

    def unpaid(self, images: Sequence[str]) -> int:
        """How many of these images' reconstructions were not asked for yet."""
        return sum(self._session.key(image, RECONSTRUCTION) not in self._asked for image in images)

    def originals(self) -> None:
        """Have the input images scored, if models may be run: what they are predicted as is asked before any edit."""
        if self._fill:
            make_scores(self._session, unscored(self._session, []), self._progress, "search")

    def look(self, wanted: Mapping[str, Collection[str]]) -> None:
        """Have the verifier read attributes off pictures: the picture's key → attributes.

        Raises:
            IncompleteError: readings are missing and are not to be made here.
            UsageError: the verifier fails its test.
        """
        if self._fill:
            check_verifier(self._session, wanted, self._progress, "search")
            make_readings(self._session, wanted, self._progress, "search")
        elif missing := len(missing_readings(self._session, wanted)):
            ask_for_readings(self._session, missing)

    def fetch(self, wishes: Sequence[EditWish]) -> None:
        """Have candidates edited and scored, and the reconstructions of their images.

        Raises:
            IncompleteError: edits or scores are missing and are not to be made here.
        """
        requests = self._session.requests(wishes)
        missing = self._session.missing(requests)
        self._asked.update(request.key for request in requests)
        if self._fill:
            self._made += len(make_edits(self._session, missing, self._progress, "search"))
        made = (self._session.edits.get(request.key) for request in requests)
        subjects = unscored(self._session, [row for row in made if row is not None])
        if self._fill:
            make_scores(self._session, subjects, self._progress, "search")
        elif missing or subjects:
            ask(self._session, missing, len(subjects))
