"""Scoring pictures and keeping the scores: what ``score`` and ``search`` share."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import EditRow, ScoreRow
from diffex_cli.artifacts.score_files import single
from diffex_cli.classifiers.base import Classifier, TwoPartClassifier
from diffex_cli.classifiers.checks import checked_kind, checked_logits, unique_labels
from diffex_cli.core.errors import UsageError
from diffex_cli.core.output_kinds import OutputKind
from diffex_cli.core.progress import Progress
from diffex_cli.measure import rates
from diffex_cli.measure.session import Session
from diffex_cli.measure.telling import Scoring

T = TypeVar("T")
R = TypeVar("R")


def prefetched(make: Callable[[T], R], items: Iterable[T], ahead: int = 2) -> Generator[R, None, None]:
    """What ``map(make, items)`` gives, made in another thread, in order, at most ``ahead`` before it is asked for.

    An exception of ``make`` is raised in its place. Closing the iterator, as an exception in the loop over it does,
    waits for what is being made and makes nothing more.

    Args:
        make: is called by one thread alone.
        items: iterated by the caller's thread.
        ahead: how many results may wait, ≥ 1: they take memory.
    """
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="prefetched") as thread:
        try:
            for item in items:
                waiting.append(thread.submit(make, item))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


BATCH = 32
_LABELS_SHOWN = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """One picture to score, by the key of its input image or of its edit."""

    key: str
    kind: Literal["original", "edit"]


def unscored(session: Session, edits: Iterable[EditRow]) -> list[Picture]:
    """The input images, and those of the edits that have a picture, which the classifier has not scored. A score that
    is not finite is one: it would be the same again."""
    subjects = [Picture(image, "original") for image in session.images]
    subjects += [Picture(row.edit, "edit") for row in edits if row.status != "failed"]
    scores = session.scores
    return [subject for subject in subjects if subject.key not in scores and subject.key not in scores.unusable]


def make_scores(session: Session, subjects: Sequence[Picture], progress: Progress, stage: str) -> int:
    """Score pictures in batches and write the scores as they come. The next pictures are read, and prepared if the
    classifier does that apart, while a batch is scored.
    """
    if not subjects:
        return 0
    classifier = session.classifier
    labels = unique_labels(classifier.labels)
    check_kept_labels(session)
    output_kind = checked_kind(classifier, session.settings.classifier)
    settings = {"classifier": session.settings.classifier, "classifier_settings": classifier.settings}
    writer = session.run.score_writer(classifier.fingerprint, labels, provenance(stage, settings), output_kind)
    _relabel(session.scores, output_kind)
    parts = _parts(classifier)
    batches = [subjects[start : start + parts.batch] for start in range(0, len(subjects), parts.batch)]
    ready = prefetched(lambda batch: parts.prepare([_picture(session, subject) for subject in batch]), batches)
    progress.start("score", len(subjects))
    telling = Scoring(session, len(subjects), progress)
    try:
        for batch, prepared in zip(batches, ready, strict=True):
            logits = checked_logits(parts.score(prepared), len(batch), len(labels), session.settings.classifier)
            kept = single(logits)  # so that a search computes with what the next one will read
            writer.append([subject.key for subject in batch], [subject.kind for subject in batch], kept)
            for subject, row in zip(batch, kept, strict=True):
                session.scores.add(ScoreRow(subject.key, subject.kind, labels, row, output_kind))
            progress.advance("score", len(batch))
            telling.did(len(batch))
    finally:
        ready.close()
        writer.flush()
        rates.remember(session.forecast.rates)
    return len(subjects)


def check_kept_labels(session: Session) -> None:
    """The scores that are there must have been made under the names that the classes have now: what a classifier is
    told apart by need not cover them.

    Raises:
        UsageError: they were not, so that one class's scores would be taken for another's.
    """
    kept_ones = session.run.score_parts.labels(session.classifier.fingerprint)
    labels = unique_labels(session.classifier.labels) if kept_ones else ()
    for kept in kept_ones:
        if kept != labels:
            spec = session.settings.classifier
            anew = "add the option version=2 to it" if spec.startswith("python:") else "name another --run"
            raise UsageError(
                f"the classifier {spec} calls its classes {_some(labels)} now, but called them {_some(kept)} when it "
                f"made the scores in {session.run.path}: {anew}, or give the classes their old names"
            )


def _some(labels: Sequence[str]) -> str:
    shown = ", ".join(map(repr, labels[:_LABELS_SHOWN]))
    return f"{shown}, … ({len(labels)} in all)" if len(labels) > _LABELS_SHOWN else shown


def _relabel(scores: dict[str, ScoreRow], kind: OutputKind) -> None:
    """Let scores that were kept by an earlier version, or by another program, be of the kind that the classifier says:
    it is the same for all."""
    for key, row in scores.items():
        if row.output_kind != kind:
            scores[key] = dataclasses.replace(row, output_kind=kind)


@dataclasses.dataclass(frozen=True, slots=True)
class _Parts:
    """What can be done ahead, what has to be done after it, and on how many pictures at a time."""

    prepare: Callable[[list[Image.Image]], Any]
    score: Callable[[Any], NDArray[np.float64]]
    batch: int


def _parts(classifier: Classifier) -> _Parts:
    if isinstance(classifier, TwoPartClassifier):
        return _Parts(classifier.prepare, classifier.score, classifier.batch)
    return _Parts(lambda pictures: pictures, classifier.logits, BATCH)


def _picture(session: Session, subject: Picture) -> Image.Image:
    if subject.kind == "original":
        return session.pictures[subject.key]
    return session.run.edited_picture(session.edits[subject.key])
