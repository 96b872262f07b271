"""The classes that a report can be looked at for: the search's own target, and those that pictures are predicted as.

Every edit was scored for every class, so that another class costs no edit. What the search chose, its p-values and its
noise floor are of its own target alone; for another class there are effects with Student's t intervals.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.rows import ScoreRow
from diffex_cli.core.output_kinds import probabilities
from diffex_cli.measure.targets import logit_blocks
from diffex_cli.report.data import Pair, ReportData, Row
from diffex_cli.report.payload.values import number
from diffex_cli.search.statistics.influence import Effect

MOST = 12
"""Classes at most beside the search's target."""
_CELLS = 40_000
"""Edits times classes at most: each takes some twenty bytes of the page."""
_NOTE = (
    "What was searched and is claimed is of the search’s own target; these are the same edits seen for another "
    "class, with Student’s t intervals and without correction for having looked at many."
)


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """One picture as a class sees it; NaN if it was not scored."""

    value: float
    probability: float


_UNKNOWN = Seen(math.nan, math.nan)


class Views:
    """The search's target as view 0, and single classes after it.

    Args:
        data: the report's data; without scores there is view 0 alone.
    """

    def __init__(self, data: ReportData) -> None:
        self._data = data
        self._scores = data.evidence.scores
        labels = next(iter(self._scores.values())).labels if self._scores else ()
        self.classes: tuple[str, ...] = _chosen(data, labels)
        """The classes of the views 1, 2, …"""
        self._columns = [labels.index(label) for label in self.classes]

    def __len__(self) -> int:
        return 1 + len(self.classes)

    def descriptions(self, axes: Sequence[float]) -> list[dict[str, object]]:
        """What each view is, given the span of its bars."""
        data = self._data
        own: dict[str, object] = {
            "label": data.target,
            "kind": "search",
            "axis": number(axes[0]),
            "unit": data.unit,
            "note": "",
        }
        others: list[dict[str, object]] = [
            {"label": label, "kind": "class", "axis": number(axis), "unit": data.unit, "note": _NOTE}
            for label, axis in zip(self.classes, axes[1:], strict=True)
        ]
        return [own, *others]

    def picture(self, subject: str | None) -> tuple[Seen, ...]:
        """How each of the views after the first sees a picture.

        Args:
            subject: an image's or an edit's key; ``None`` if there is none.
        """
        row = None if subject is None else self._scores.get(subject)
        if row is None:
            return (_UNKNOWN,) * len(self.classes)
        return self._seen(row.subject)

    @functools.cached_property
    def _table(self) -> tuple[dict[str, int], NDArray[np.float64], NDArray[np.float64]]:
        rows = list(self._scores.values())
        where = {row.subject: i for i, row in enumerate(rows)}
        logits, shares = [], []
        for some in logit_blocks(rows, len(rows[0].labels)):
            logits.append(some[:, self._columns])
            shares.append(probabilities(some, rows[0].output_kind)[:, self._columns])
        return where, np.concatenate(logits), np.concatenate(shares)

    def _seen(self, subject: str) -> tuple[Seen, ...]:
        where, logits, probabilities = self._table
        i = where[subject]
        values = probabilities if self._data.scale == "prob" else logits
        pairs = zip(values[i].tolist(), probabilities[i].tolist(), strict=True)
        return tuple(Seen(value, probability) for value, probability in pairs)

    def deltas(self, row: Row, pair: Pair) -> tuple[float, ...]:
        """A pair's change for each of the views after the first, edited − reconstruction; NaN where unknown."""
        edits = self._data.evidence.edits
        edited, base = edits.get(row.candidate, {}).get(pair.image), edits.get("", {}).get(pair.image)
        after = self.picture(edited.edit if edited else None)
        before = self.picture(base.edit if base else None)
        return tuple(one.value - other.value for one, other in zip(after, before, strict=True))

    def effects(self, deltas: Sequence[Sequence[float]]) -> list[dict[str, object] | None]:
        """Effect, interval and n for each of the views after the first.

        Args:
            deltas: for each pair what :meth:`deltas` gave.
        """
        columns = zip(*deltas, strict=True) if deltas else [()] * len(self.classes)
        return [_effect([delta for delta in column if math.isfinite(delta)]) for column in columns]


def _effect(deltas: list[float]) -> dict[str, object] | None:
    if not deltas:
        return None
    effect = Effect("", deltas)
    return {
        "effect": number(effect.effect),
        "low": number(effect.student_low),
        "high": number(effect.student_high),
        "n": effect.n,
    }


def _chosen(data: ReportData, labels: Sequence[str]) -> tuple[str, ...]:
    """The classes that most pictures are predicted as; of several, those with the larger logits on the originals."""
    if len(labels) < 2:
        return ()
    scores = data.evidence.scores
    edits = {edit.edit for of_one in data.evidence.edits.values() for edit in of_one.values()}
    shown = [scores[subject] for subject in (*data.evidence.images, *edits) if subject in scores]
    votes = Counter(int(row.values.argmax()) for row in shown)
    level = np.zeros(len(labels))
    for image in data.evidence.images:
        if image in scores:
            level += scores[image].values
    order = sorted(range(len(labels)), key=lambda i: (-votes[i], -level[i], i))
    most = min(MOST, _CELLS // max(len(edits), 1))
    return tuple(labels[i] for i in order if labels[i] != data.target)[:most]


def prediction(row: ScoreRow | None) -> str | None:
    """The class that a picture is predicted as; ``None`` if that is not known, or it is not one class of several."""
    one_of_several = row is not None and len(row.labels) > 1 and row.output_kind == "softmax"
    return row.prediction if row is not None and one_of_several else None
