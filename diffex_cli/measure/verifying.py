"""Asking the verifier what pictures show, and keeping its readings: what ``verify`` and ``search`` share."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.pictures import LazyPictures
from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.core.errors import DiffexError, UsageError, one_line
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.core.progress import Progress
from diffex_cli.measure import rates
from diffex_cli.measure.changes import changed_box
from diffex_cli.measure.paying import LimitReached, Purse
from diffex_cli.measure.scoring import READERS, prefetched
from diffex_cli.measure.session import Session
from diffex_cli.measure.telling import Verifying
from diffex_cli.verifiers.attributes import CLASS, asked, attributes_of, class_attribute, every_attribute
from diffex_cli.verifiers.base import Attribute, Sight
from diffex_cli.verifiers.opened import OpenedVerifier

__all__ = ["attributes_of", "make_readings", "missing_readings"]

BATCH = 32
"""Pictures that a verifier is asked about together."""

_TASK = "verify"


def missing_readings(session: Session, wanted: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """Of what is wanted, that which the verifier was not asked yet; nothing without a verifier.

    Args:
        wanted: subject (key of an input image or of an edit) → ids of attributes and of classes. Edits that failed show
            nothing.

    Returns:
        the same, without subjects that lack nothing; ids in the order of the corpus.

    Raises:
        KeyError: there is no such attribute, or no such picture.
    """
    if session.verifier is None:
        return {}
    places = {id: place for place, id in enumerate(_known(session, wanted))}
    missing = {}
    for subject, ids in wanted.items():
        lacking = set(ids).difference(session.readings.get(subject, ()))
        if lacking and (subject in session.images or session.edits[subject].status != "failed"):
            missing[subject] = tuple(sorted(lacking, key=places.__getitem__))
    return missing


def make_readings(session: Session, wanted: Mapping[str, Collection[str]], progress: Progress, stage: str) -> int:
    """Ask the verifier what is missing of what is wanted, in batches, and write its readings as they come. No model is
    touched if nothing is missing. A picture that cannot be read costs its own readings, which are NaN.

    Args:
        wanted: as of :func:`missing_readings`.

    Returns:
        how many pictures it was asked about.
    """
    missing = missing_readings(session, wanted)
    verifier = session.verifier
    if verifier is None or not missing:
        return 0
    attributes = _known(session, missing)
    settings = {"verifier": session.settings.verifier}
    digests = {one.id: asked(one) for one in attributes.values()}
    writer = session.run.seen_writer(verifier.fingerprint, digests, provenance(stage, settings))
    batches = list(_batches(missing))
    subjects = (subject for some, _ in batches for subject in some)
    looks = prefetched(_Looking(session), subjects, ahead=2 * BATCH, threads=READERS)
    progress.start(_TASK, len(missing))
    telling, unread = Verifying(session, verifier.fingerprint, len(missing), progress), Counter[str]()

    def keep(
        subjects: Sequence[str], ids: Sequence[str], found: NDArray[np.float32], reasons: Sequence[str | None]
    ) -> None:
        writer.append(subjects, ids, found, reasons)
        for subject, row in zip(subjects, found, strict=True):
            session.readings.setdefault(subject, {}).update(zip(ids, row.tolist(), strict=True))
        session.proved.add("verifier")

    def met(pictures: int) -> None:
        progress.advance(_TASK, pictures)
        telling.did(pictures)

    try:
        for asked_together in batches:
            batch = _batch(*asked_together, list(itertools.islice(looks, len(asked_together[0]))))
            asked_of = [attributes[one] for one in batch.attributes]
            if session.purse is None:
                keep(batch.subjects, batch.attributes, _seen(verifier, batch, asked_of), batch.reasons)
                met(len(batch.subjects))
            else:
                _bought(session.purse, batch, asked_of, keep, met)
            unread.update(reason for reason in batch.reasons if reason is not None)
    except DiffexError as error:
        if session.purse is not None and session.purse.asked and not isinstance(error, LimitReached):
            progress.note("What has been answered so far is kept: the same command continues from there.")
        raise
    finally:
        looks.close()
        if session.purse is not None:
            session.purse.save()
        writer.flush()
        rates.remember(session.forecast.rates)
    if unread:
        first = next(iter(unread))
        progress.note(
            f"{unread.total()} of {len(missing)} pictures could not be shown to the verifier, such as: {first}"
        )
    return len(missing)


def _known(session: Session, wanted: Mapping[str, Collection[str]]) -> dict[str, Attribute]:
    """All that can be asked about by id: the attributes in the order of the corpus, and the classes that are wanted."""
    classes = sorted({id for ids in wanted.values() for id in ids if id.startswith(CLASS)})
    known = (*every_attribute(session.corpus), *(class_attribute(id.removeprefix(CLASS)) for id in classes))
    return {one.id: one for one in known}


@dataclasses.dataclass(frozen=True, slots=True)
class _Batch:
    """Pictures of which the same is asked.

    Attributes:
        sights: ``None`` for a picture that cannot be read.
        reasons: why.
    """

    subjects: tuple[str, ...]
    attributes: tuple[str, ...]
    sights: tuple[Sight | None, ...]
    reasons: tuple[str | None, ...]


def _batch(subjects: tuple[str, ...], attributes: tuple[str, ...], looks: Sequence[Sight | str]) -> _Batch:
    sights = tuple(look if isinstance(look, Sight) else None for look in looks)
    return _Batch(subjects, attributes, sights, tuple(look if isinstance(look, str) else None for look in looks))


def _batches(missing: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Subjects, and what is asked of all of them."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for subject, ids in missing.items():
        alike.setdefault(ids, []).append(subject)
    for ids, subjects in alike.items():
        for start in range(0, len(subjects), BATCH):
            yield tuple(subjects[start : start + BATCH]), ids


def _seen(verifier: OpenedVerifier, batch: _Batch, attributes: Sequence[Attribute]) -> NDArray[np.float32]:
    """Shape (subjects, attributes), as it is kept, so that a search computes with what the next one will read."""
    there = [place for place, sight in enumerate(batch.sights) if sight is not None]
    found = np.full((len(batch.subjects), len(attributes)), np.nan, np.float32)
    found[there] = verifier.seen([sight for sight in batch.sights if sight is not None], attributes)
    return found


def _bought(
    purse: Purse, batch: _Batch, attributes: Sequence[Attribute], keep: Callable[..., None], met: Callable[[int], None]
) -> None:
    """The same of a verifier that is paid for each answer: each is kept as it comes."""
    lost = [place for place, sight in enumerate(batch.sights) if sight is None]
    if lost:
        nothing = np.full((len(lost), len(attributes)), np.nan, np.float32)
        keep([batch.subjects[place] for place in lost], batch.attributes, nothing, [batch.reasons[i] for i in lost])
        met(len(lost))
    left = Counter({place: len(attributes) for place, sight in enumerate(batch.sights) if sight is not None})

    def heard(place: int, column: int, probability: float) -> None:
        found = np.full((1, 1), probability, np.float32)
        keep([batch.subjects[place]], [batch.attributes[column]], found, [None])
        left[place] -= 1
        if not left[place]:
            met(1)

    purse.ask(batch.sights, attributes, heard)


class _Looking:
    """Reads pictures, and where they were changed; for any number of threads."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._reconstructions = LazyPictures(session.images, self._read_reconstruction, keep=8)

    def __call__(self, subject: str) -> Sight | str:
        """The picture, or why it cannot be read."""
        try:
            if subject in self._session.images:
                return Sight(self._session.pictures[subject])
            return self._edited(self._session.edits[subject])
        except UsageError as error:
            return one_line(error)

    def _edited(self, row: EditRow) -> Sight:
        picture = self._session.edited_picture(row)
        return Sight(picture, changed_box(self._before(row), picture) if row.candidate else None)

    def _before(self, row: EditRow) -> Image.Image:
        """What the edit is measured against: the reconstruction, if there is one that can be read."""
        try:
            found = self._reconstructions[row.image]
        except (KeyError, UsageError):
            found = None
        return self._session.pictures[row.image] if found is None else found

    def _read_reconstruction(self, image: str) -> Image.Image:
        return self._session.edited_picture(self._session.edits[self._session.key(image, RECONSTRUCTION)])
