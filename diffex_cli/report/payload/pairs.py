"""An attribute's before/after pairs as columns, one entry an edit: that is a third of the size of objects."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TypeVar

from diffex_cli.artifacts.rows import EditRow
from diffex_cli.report import choose
from diffex_cli.report.data import Pair, ReportData, Row
from diffex_cli.report.numbers import finite
from diffex_cli.report.payload.values import number
from diffex_cli.report.payload.views import Views, prediction
from diffex_cli.report.pictures import Album

_T = TypeVar("_T")

STATUSES = ("ok", "no-op", "failed")
EXAMPLES = 3
"""Pairs of an attribute that can stand for it, where one alone would leave a row of pictures empty."""


@dataclasses.dataclass(frozen=True, slots=True)
class Columns:
    """What the page shows of an attribute's edits.

    Attributes:
        values: the columns.
        examples: the places in them of the pairs that carry what is said of the attribute, the best first.
        effects: for each view after the first its effect, or ``None``.
        flipped: how many edits change the predicted class.
    """

    values: dict[str, object]
    examples: tuple[int, ...]
    effects: list[dict[str, object] | None]
    flipped: int


@dataclasses.dataclass(frozen=True, slots=True)
class _Edited:
    """One edit: a pair, or what failed."""

    image: str
    edit: EditRow | None
    pair: Pair | None


def columns(
    data: ReportData, row: Row, views: Views, album: Album, images: Mapping[str, int], classes: Mapping[str, int]
) -> Columns:
    """The edits of an attribute, those first whose change lies closest to the mean, those that failed last.

    Args:
        data: the report's data.
        row: the attribute.
        views: the classes that are shown.
        album: the pictures.
        images: image's key → its number in the payload.
        classes: class → its number in the payload.
    """
    evidence = data.evidence
    shown = [one for one in _edited(data, row) if one.image in images]
    deltas = [views.deltas(row, one.pair) for one in shown if one.pair]
    seen = [views.picture(one.edit.edit if one.edit else None) for one in shown]
    after = [prediction(evidence.scores.get(one.edit.edit)) if one.edit else None for one in shown]
    reconstructions = evidence.edits.get("", {})
    before = {
        image: prediction(evidence.scores.get(edit.edit)) for image, edit in reconstructions.items() if image in images
    }
    flipped = [
        now is not None and before.get(one.image) is not None and now != before[one.image]
        for one, now in zip(shown, after, strict=True)
    ]
    lost = evidence.class_lost.get(row.candidate, frozenset())
    pictures = [album.number(one.pair.edited.file) if one.pair else None for one in shown]
    own = [number(one.pair.delta) if one.pair else None for one in shown]
    own_probability = [number(one.pair.edited.probability) if one.pair else None for one in shown]
    failed: list[float | None] = [None] * (len(shown) - len(deltas))
    values: dict[str, object] = {
        "image": [images[one.image] for one in shown],
        "status": [_status(one) for one in shown],
        "picture": pictures,
        "delta": [own, *([*map(number, column), *failed] for column in _turned(deltas, len(views)))],
        "probability": [
            own_probability,
            *([number(one.probability) for one in column] for column in _turned(seen, len(views))),
        ],
        # with all classes the original's probability depends on which class the attribute moves
        "before": [number(one.pair.original.probability) if one.pair else None for one in shown]
        if data.every_class
        else None,
        "logit": [_logits(one.pair) for one in shown],
        "prediction": [None if now is None else classes[now] for now in after],
        "flipped": flipped,
        "class_lost": [one.image in lost for one in shown],
        "changed": [number(one.edit.changed) if one.edit else None for one in shown],
        "mean_change": [number(one.edit.mean_change) if one.edit else None for one in shown],
        "file": [one.edit.file if one.edit else None for one in shown],
        "reason": [one.edit.reason if one.edit else None for one in shown],
        "heat": [album.number(evidence.heat.get(one.pair.edited.file)) if one.pair else None for one in shown],
        "pictured": sum(picture is not None for picture in pictures),
        "available": len(shown),
    }
    telling = choose.telling_pairs(data, row, album, EXAMPLES)
    examples = tuple(next(i for i, one in enumerate(shown) if one.pair is pair) for pair in telling)
    return Columns(values, examples, views.effects(deltas), sum(flipped))


def _edited(data: ReportData, row: Row) -> list[_Edited]:
    edits = data.evidence.edits.get(row.candidate, {})
    pairs = sorted(
        data.pairs.get(row.candidate, ()),
        key=lambda pair: (
            abs(pair.delta - row.effect) if finite(pair.delta) and finite(row.effect) else float("inf"),
            pair.image,
        ),
    )
    shown = [_Edited(pair.image, edits.get(pair.image), pair) for pair in pairs]
    there = {pair.image for pair in pairs}
    return shown + [_Edited(image, edit, None) for image, edit in sorted(edits.items()) if image not in there]


def _logits(pair: Pair | None) -> list[float | None] | None:
    """On the original, on the reconstruction, and on the edited picture."""
    if pair is None:
        return None
    return [number(shot.logit) if shot else None for shot in (pair.original, pair.reconstruction, pair.edited)]


def _status(one: _Edited) -> int:
    if one.pair is None:
        return STATUSES.index("failed")
    return STATUSES.index(one.edit.status) if one.edit and one.edit.status in STATUSES else 0


def _turned(rows: Sequence[Sequence[_T]], views: int) -> list[list[_T]]:
    """Rows of views → a sequence for each view after the first."""
    return [[row[view] for row in rows] for view in range(views - 1)]
