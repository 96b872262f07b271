"""Scores of made-up pictures, before and after an edit, for sentences that count decisions."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from diffex_cli.artifacts.rows import EditRow, InputImage, ScoreRow
from diffex_cli.core.output_kinds import OutputKind
from diffex_cli.report.data import Evidence, ReportData


def scored(
    data: ReportData,
    changes: dict[str, Sequence[tuple[float, float]]],
    labels: tuple[str, ...] = ("cardinal", "jay"),
    kind: OutputKind = "softmax",
) -> ReportData:
    """The data with evidence.

    Args:
        data: what it is added to.
        changes: candidate → for each image the first class's logit of the reconstruction and of the edit; those of the
            other classes are 0. An image's reconstruction is the same for all candidates.
        labels: the classes.
        kind: what the logits are logits of.
    """
    images = {f"image-{i}" for values in changes.values() for i in range(len(values))}
    scores, edits = {}, {}

    def add(image: str, candidate: str, logit: float) -> None:
        key = f"{image}:{candidate}"
        logits = np.array([logit, *[0.0] * (len(labels) - 1)])
        scores[key] = ScoreRow(key, "edit", labels, logits, kind)
        edits.setdefault(candidate, {})[image] = EditRow(key, image, candidate, "e", 0, "", "ok", None, 0, 0, 0)
        scores.setdefault(image, ScoreRow(image, "original", labels, logits, kind))

    for candidate, values in changes.items():
        for i, (before, after) in enumerate(values):
            add(f"image-{i}", "", before)
            add(f"image-{i}", candidate, after)
    inputs = {image: InputImage(image, f"{image}.png", "", 8, 8) for image in sorted(images)}
    return dataclasses.replace(data, evidence=Evidence(inputs, edits, scores))
