"""Scoring pictures and keeping the scores: what ``score`` and ``search`` share."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Literal

from PIL import Image

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import EditRow, ScoreRow
from diffex_cli.classifiers.checks import checked_logits, unique_labels
from diffex_cli.stages.bench import Bench
from diffex_cli.stages.progress import Progress

BATCH = 32


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """One picture to score, by the key of its input image or of its edit."""

    key: str
    kind: Literal["original", "edit"]


def unscored(bench: Bench, edits: Iterable[EditRow]) -> list[Subject]:
    """The input images, and those of the edits that have a picture, which the classifier has not scored."""
    subjects = [Subject(image, "original") for image in bench.images]
    subjects += [Subject(row.edit, "edit") for row in edits if row.status != "failed"]
    return [subject for subject in subjects if subject.key not in bench.scores]


def make_scores(bench: Bench, subjects: Sequence[Subject], progress: Progress, stage: str) -> int:
    """Score pictures in batches of 32 and write the scores as they come.

    Args:
        bench: gets the new rows in ``scores``.
        subjects: what is not scored yet.
        progress: hears of the task ``score``.
        stage: for the provenance.

    Returns:
        how many pictures were scored.

    Raises:
        DiffexError: the classifier returned something else than finite logits of its classes.
    """
    if not subjects:
        return 0
    classifier = bench.classifier
    labels = unique_labels(classifier.labels)
    settings = {"classifier": bench.settings.classifier, "classifier_settings": classifier.settings}
    writer = bench.run.score_writer(classifier.fingerprint, labels, provenance(stage, settings))
    progress.start("score", len(subjects))
    try:
        for start in range(0, len(subjects), BATCH):
            batch = subjects[start : start + BATCH]
            raw = classifier.logits([_picture(bench, subject) for subject in batch])
            logits = checked_logits(raw, len(batch), len(labels), bench.settings.classifier)
            writer.append([subject.key for subject in batch], [subject.kind for subject in batch], logits)
            for subject, row in zip(batch, logits, strict=True):
                bench.scores[subject.key] = ScoreRow(subject.key, subject.kind, labels, row)
            progress.advance("score", len(batch))
    finally:
        writer.flush()
    return len(subjects)


def _picture(bench: Bench, subject: Subject) -> Image.Image:
    if subject.kind == "original":
        return bench.pictures[subject.key]
    return bench.run.edited_picture(bench.edits[subject.key])
