"""Makes a review of what a verifier saw: a page for people, or questions in the terminal."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from diffex_cli.artifacts.files import write_text
from diffex_cli.artifacts.keys import digest
from diffex_cli.artifacts.pictures import save_picture
from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.review import Review, Reviewed, file_of_review, read_review, write_review
from diffex_cli.artifacts.search_document import Backend
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.settings import Settings
from diffex_cli.measure.calibration import Calibration, of_last_search
from diffex_cli.measure.reviewed import as_taken
from diffex_cli.measure.session import Backends, Session, locked_session
from diffex_cli.measure.verify import check_verify, edits_looked_at
from diffex_cli.measure.verifying import attributes_of
from diffex_cli.study.order import order_of, shuffled
from diffex_cli.study.page import Page, Shown, render
from diffex_cli.study.pictures import Album
from diffex_cli.study.review.answering import ReviewSummary, summed_up
from diffex_cli.study.review.choosing import drawn
from diffex_cli.study.review.terminal import Hear, Say, ask
from diffex_cli.verifiers.attributes import asked
from diffex_cli.verifiers.base import Attribute

WANTED = 36
FOLDER = Path("study") / "review"
TERMINAL = "terminal"
"""The code of the person at the terminal."""


def make_page(settings: Settings, wanted: int | None = None, backends: Backends | None = None) -> ReviewSummary:
    """Write a page of some readings, by default of those that were drawn before, else of :data:`WANTED`.

    Raises:
        IncompleteError: the verifier read nothing yet.
        UsageError: there is no verifier, or a review that was answered is of other readings.
    """
    with _reviewing(settings, wanted, backends) as (session, review):
        album, shown = Album(), []
        for item in review.items:
            shown.append(Shown(item.id, 0, (album.add(_picture(session, item)),), item.words))
        page = session.run.path / FOLDER / "page.html"
        write_text(page, render(Page(review.id, "review", 1, tuple(shown), album.uris)))
        return dataclasses.replace(summed_up(review, session.run.path), page=page, warnings=session.run.warnings)


def ask_here(
    settings: Settings, say: Say, hear: Hear, wanted: int | None = None, backends: Backends | None = None
) -> ReviewSummary:
    """Ask in the terminal, which can only name the pictures' files; every answer is kept at once. Errors as of
    :func:`make_page`."""
    with _reviewing(settings, wanted, backends) as (session, review):
        run = session.run.path
        answers = dict(review.answers.get(TERMINAL, {}))

        def keep(id: str, answer: str) -> None:
            answers[id] = answer
            write_review(run, dataclasses.replace(review, answers={**review.answers, TERMINAL: answers}))

        def show(item: Reviewed) -> Path:
            """A copy whose name tells nothing: not even whether it was edited."""
            file = run / FOLDER / "pictures" / f"{item.id}.png"
            save_picture(file, _picture(session, item))
            return file

        items = {item.id: item for item in review.items}
        order = order_of(review.id, TERMINAL, list(items))
        ask([items[id] for id in order], answers, show, keep, say, hear)
        final = dataclasses.replace(
            review, answers={**review.answers, TERMINAL: answers} if answers else review.answers
        )
        return dataclasses.replace(summed_up(final, run), warnings=session.run.warnings)


@contextmanager
def _reviewing(settings: Settings, wanted: int | None, backends: Backends | None) -> Iterator[tuple[Session, Review]]:
    with locked_session("verify", settings, backends) as session:
        check_verify(session)
        review = _review(session, wanted)
        write_review(session.run.path, review)
        yield session, review


def _review(session: Session, wanted: int | None) -> Review:
    """What was drawn before, or is drawn now."""
    verifier, settings = session.verifier, session.settings
    assert verifier is not None
    attributes = {one.id: one for one in attributes_of(session.searched)}
    before = read_review(session.run.path, verifier.fingerprint)
    calibration = of_last_search(session.run, verifier.fingerprint)
    if before is not None:
        other = _otherwise(before, session, attributes, wanted)
        if not other:
            return dataclasses.replace(
                as_taken(before, calibration),
                least_precision=settings.review_precision,
                least_recall=settings.review_recall,
            )
        if before.answers:
            file = file_of_review(session.run.path, verifier.fingerprint)
            raise UsageError(f"{file} holds a review that was answered and {other}: remove it to draw another")
    own = Backend(settings.verifier, verifier.fingerprint)
    return _drawn(session, own, attributes, wanted or WANTED, calibration)


def _otherwise(before: Review, session: Session, attributes: dict[str, Attribute], wanted: int | None) -> str:
    """In what a review differs from what would be drawn; empty if it still holds."""
    if wanted is not None and before.wanted != wanted:
        return f"is of {before.wanted} readings, not of {wanted}"
    if before.seed != session.settings.seed:
        return f"was drawn with --seed {before.seed}, not with {session.settings.seed}"
    for item in before.items:
        attribute = attributes.get(item.attribute)
        if attribute is None or asked(attribute) != item.asked or item.subject not in (*session.images, *session.edits):
            return f"asks about ‘{item.words}’ in a picture or in words that are no longer there"
    return ""


def _drawn(
    session: Session, verifier: Backend, attributes: dict[str, Attribute], wanted: int, calibration: Calibration
) -> Review:
    settings = session.settings
    edits = edits_looked_at(session)
    chosen = drawn(session.readings, session.images, edits, list(attributes), wanted, settings.seed, calibration)
    if not chosen:
        raise IncompleteError(f"{verifier.spec} has read nothing that a person could check: run `diffex verify` first")
    content = [[one.subject, one.attribute, asked(attributes[one.attribute])] for one in chosen]
    id = digest({"verifier": verifier.fingerprint, "seed": settings.seed, "readings": content})[:16]
    items = [
        Reviewed(
            id=f"{id[:6]}-{number:03d}",
            subject=one.subject,
            attribute=one.attribute,
            words=_words(attributes[one.attribute]),
            asked=asked(attributes[one.attribute]),
            probability=one.probability,
            seen=one.seen,
        )
        for number, one in enumerate(shuffled(chosen, f"{id}/page"), 1)
    ]
    return Review(
        id=id,
        verifier=verifier,
        seed=settings.seed,
        wanted=wanted,
        least_precision=settings.review_precision,
        least_recall=settings.review_recall,
        items=tuple(items),
        provenance=provenance("verify", {"verifier": verifier.spec, "seed": settings.seed}),
    )


def _words(attribute: Attribute) -> str:
    """The name, with what the verifier is asked where that is something else."""
    same = attribute.name.casefold() == attribute.prompt.casefold()
    return attribute.name if same else f"{attribute.name} ({attribute.prompt})"


def _picture(session: Session, item: Reviewed) -> Image.Image:
    if item.subject in session.images:
        return session.pictures[item.subject]
    return session.run.edited_picture(session.edits[item.subject])
