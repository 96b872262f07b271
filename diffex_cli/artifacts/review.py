"""``seen/<digest>.review.yaml``: readings of a verifier that people are asked about, and what they answered."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffex_cli.artifacts.documents import read_document, write_document
from diffex_cli.artifacts.keys import digest
from diffex_cli.artifacts.records import read_record
from diffex_cli.artifacts.search_document import Backend
from diffex_cli.core.errors import UsageError

REVIEW_SCHEMA = "diffex.review/1"
ANSWERS = YES, NO, CANNOT_TELL = "yes", "no", "cannot tell"
_ENDING = ".review.yaml"


@dataclasses.dataclass(frozen=True, slots=True)
class Reviewed:
    """One reading.

    Attributes:
        id: opaque; says nothing about the rest.
        subject: key of the input image or of the edit.
        attribute: its id.
        words: what people are shown of it.
        asked: digest of what the verifier was asked.
        probability, seen: what it answered, and whether that counts as seen.
    """

    id: str
    subject: str
    attribute: str
    words: str
    asked: str
    probability: float
    seen: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Review:
    """A review of one verifier.

    Attributes:
        id: a digest of what was drawn; files of answers name it.
        wanted: how many readings were asked for; there may be fewer.
        least_precision, least_recall: of what the verifier should reach.
        items: in the page's order, which is random.
        answers: a person's code → the item's id → one of :data:`ANSWERS`.
    """

    id: str
    verifier: Backend
    seed: int
    wanted: int
    least_precision: float
    least_recall: float
    items: tuple[Reviewed, ...]
    answers: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    provenance: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def settled(self) -> dict[str, bool]:
        """Item's id → whether most of the people who answered yes or no see it; items on which they are split, or that
        nobody can tell, are left out."""
        votes = {
            item.id: [found[item.id] for found in self.answers.values() if item.id in found] for item in self.items
        }
        counts = {id: (given.count(YES), given.count(NO)) for id, given in votes.items()}
        return {id: yes > no for id, (yes, no) in counts.items() if yes != no}

    @property
    def answered(self) -> int:
        """How many readings somebody answered, were it that nobody can tell."""
        return len({id for found in self.answers.values() for id in found})


def file_of_review(run: Path, fingerprint: str) -> Path:
    """Where the review of the verifier with this fingerprint is kept."""
    return run / "seen" / f"{digest(fingerprint)[:16]}{_ENDING}"


def write_review(run: Path, review: Review) -> Path:
    """Keep a review."""
    path = file_of_review(run, review.verifier.fingerprint)
    write_document(path, REVIEW_SCHEMA, dataclasses.asdict(review))
    return path


def read_review(run: Path, fingerprint: str) -> Review | None:
    """The review of a verifier; ``None`` if there is none.

    Raises:
        UsageError: the file is none, or contradicts itself.
    """
    path = file_of_review(run, fingerprint)
    try:
        review = _read(path)
    except FileNotFoundError:
        return None
    if review.verifier.fingerprint != fingerprint:
        raise _broken(path, "verifier.fingerprint: that of the file's name is expected")
    return review


def reviews(run: Path) -> list[Review]:
    """All of a run; errors as of :func:`read_review`."""
    return [_read(path) for path in sorted((run / "seen").glob(f"*{_ENDING}")) if not path.name.startswith(".")]


def _read(path: Path) -> Review:
    try:
        review = read_record(Review, read_document(path, REVIEW_SCHEMA))
        _check(review)
    except ValueError as error:
        raise _broken(path, str(error)) from error
    return review


def _check(review: Review) -> None:
    ids = {item.id for item in review.items}
    if len(ids) < len(review.items):
        raise ValueError("items: every id is expected once")
    if not review.items:
        raise ValueError("items: at least one is expected")
    shares = {f"items: probability of {item.id}": item.probability for item in review.items}
    shares |= {"least_precision": review.least_precision, "least_recall": review.least_recall}
    for place, share in shares.items():
        if not 0 <= share <= 1:
            raise ValueError(f"{place}: a number from 0 to 1 is expected, not {share:.6g}")
    for person, found in review.answers.items():
        for id, answer in found.items():
            if id not in ids or answer not in ANSWERS:
                what = f"answers.{person}.{id}"
                raise ValueError(f"{what}: yes, no or cannot tell is expected, of an item, not {answer[:40]!r}")


def _broken(path: Path, problem: str) -> UsageError:
    return UsageError(
        f"{path} lacks or garbles a key ({problem}): remove it, with its answers, and run `diffex verify --review`"
    )
