"""Scoring pictures and keeping the scores: what ``score`` and ``search`` share."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import os
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal, TypeVar

from PIL import Image

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import EditRow, ScoreRow
from diffex_cli.artifacts.score_files import single
from diffex_cli.core.errors import UsageError
from diffex_cli.core.output_kinds import OutputKind
from diffex_cli.core.progress import Progress
from diffex_cli.measure import rates
from diffex_cli.measure.session import Session
from diffex_cli.measure.telling import Scoring

T = TypeVar("T")
R = TypeVar("R")


READERS = min(8, os.cpu_count() or 1)
"""Threads that read pictures: Pillow decodes outside of the interpreter's lock."""


def prefetched(
    make: Callable[[T], R], items: Iterable[T], ahead: int = 2, threads: int = 1
) -> Generator[R, None, None]:
    """What ``map(make, items)`` gives, made in other threads, in order, at most ``ahead`` before it is asked for.

    An exception of ``make`` is raised in its place. Closing the iterator, as an exception in the loop over it does,
    waits for what is being made and makes nothing more.

    Args:
        make: is called by as many threads as are said.
        items: iterated by the caller's thread.
        ahead: how many results may wait, ≥ 1: they take memory.
    """
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="prefetched") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(make, item))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


_LABELS_SHOWN = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """One picture to score, by the key of its input image or of its edit."""

    key: str
    kind: Literal["original", "edit"]


def unscored(session: Session, edits: Iterable[EditRow], images: Collection[str] | None = None) -> list[Picture]:
    """The input images (or some of them), and those of the edits that have a picture, which the classifier has not
    scored. A score that is not finite is one: it would be the same again."""
    subjects = [Picture(image, "original") for image in session.images if images is None or image in images]
    subjects += [Picture(row.edit, "edit") for row in edits if row.status != "failed"]
    scores = session.scores
    return [subject for subject in subjects if subject.key not in scores and subject.key not in scores.unusable]


def make_scores(session: Session, subjects: Sequence[Picture], progress: Progress, stage: str) -> int:
    """Score pictures in batches and write the scores as they come. While a batch is scored, several threads read the
    next pictures, and one prepares them if the classifier does that apart: at most five batches are in memory.
    """
    if not subjects:
        return 0
    classifier = session.classifier
    labels, output_kind = classifier.labels, classifier.output_kind
    check_kept_labels(session)
    settings = {"classifier": session.settings.classifier, "classifier_settings": classifier.settings}
    writer = session.run.score_writer(classifier.fingerprint, labels, provenance(stage, settings), output_kind)
    _relabel(session.scores, output_kind)
    size = classifier.batch
    batches = [subjects[start : start + size] for start in range(0, len(subjects), size)]
    pictures = prefetched(functools.partial(_picture, session), subjects, ahead=size, threads=READERS)
    ready = prefetched(lambda batch: classifier.prepare(list(itertools.islice(pictures, len(batch)))), batches)
    progress.start("score", len(subjects))
    telling = Scoring(session, len(subjects), progress)
    try:
        for batch, prepared in zip(batches, ready, strict=True):
            kept = single(classifier.score(prepared))  # so that a search computes with what the next one will read
            writer.append([subject.key for subject in batch], [subject.kind for subject in batch], kept)
            for subject, row in zip(batch, kept, strict=True):
                session.scores.add(ScoreRow(subject.key, subject.kind, labels, row, output_kind))
            session.proved.add("classifier")
            progress.advance("score", len(batch))
            telling.did(len(batch))
    finally:
        ready.close()
        pictures.close()
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
    labels = session.classifier.labels if kept_ones else ()
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


def _picture(session: Session, subject: Picture) -> Image.Image:
    if subject.kind == "original":
        return session.pictures[subject.key]
    return session.edited_picture(session.edits[subject.key])
