"""What of the classifier's answer is explained: a class, each image's own, a contrast of two, or all classes."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.rows import ScoreRow
from diffex_cli.core.errors import UsageError
from diffex_cli.core.output_kinds import OutputKind
from diffex_cli.core.settings import Scale
from diffex_cli.core.wording import nfc
from diffex_cli.measure.outcomes import Outcomes, outcomes

ALL = "all"
PREDICTED = "predicted"
_LABELS_SHOWN = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """One quantity to explain.

    Attributes:
        name: as it is written in the artifacts: a label, ``predicted``, or ``A - B``.
        column: the class's position among the labels; ``None`` for each image's own, the class predicted on the
            untouched original.
    """

    name: str
    column: int | None
    against: int | None = None

    def columns(self, originals: Sequence[ScoreRow]) -> int | list[int]:
        """The class's position, or one for every image, given the scores of the originals."""
        if self.column is not None:
            return self.column
        return [int(row.values.argmax()) for row in originals]

    def outcomes(self, rows: Sequence[ScoreRow | None], originals: Sequence[ScoreRow]) -> Outcomes:
        """The target's figures; NaN for an image without scores.

        Args:
            originals: the scores of the same images, untouched; at least one.
        """
        columns = self._columns(originals, len(rows))
        found, start = [], 0
        for logits in logit_blocks(rows, len(originals[0].labels)):
            some = columns[start : start + len(logits)]
            found.append(outcomes(logits, some, self.against, originals[0].output_kind))
            start += len(logits)
        names = [field.name for field in dataclasses.fields(Outcomes)]
        return Outcomes(*(np.concatenate([getattr(one, name) for one in found]) for name in names))

    def on_scale(
        self, rows: Sequence[ScoreRow | None], originals: Sequence[ScoreRow], scale: Scale
    ) -> NDArray[np.float64]:
        """What an effect is a change of: the score (logit, or difference of two), or the probability. Shape: (n,)."""
        if scale == "prob":
            return self.outcomes(rows, originals).probability
        columns = self._columns(originals, len(rows)).tolist()
        found = (math.nan if row is None else self._score(row, at) for row, at in zip(rows, columns, strict=True))
        return np.array(list(found), dtype=np.float64)

    def _columns(self, originals: Sequence[ScoreRow], n: int) -> NDArray[np.intp]:
        return np.broadcast_to(np.asarray(self.columns(originals), dtype=np.intp), n)

    def _score(self, row: ScoreRow, column: int) -> float:
        own = float(row.values[column])
        return own if self.against is None else own - float(row.values[self.against])


_CELLS = 1 << 17


def logit_blocks(rows: Sequence[ScoreRow | None], classes: int) -> Iterator[NDArray[np.float64]]:
    """The logits of pictures, some at a time, a row of NaN for ``None``: all of them in float64 would take several
    times the memory of the scores."""
    size = max(1, _CELLS // classes)
    unknown = np.full(classes, math.nan)
    for start in range(0, max(len(rows), 1), size):
        some = [unknown if row is None else row.values for row in rows[start : start + size]]
        yield np.concatenate([*some, unknown[:0]], dtype=np.float64).reshape(len(some), classes)


Quantity: TypeAlias = Literal["logit", "probability", "score"]
"""What an effect is a change of, in a word."""
UNITS: Mapping[Quantity, str] = {"logit": "logits", "probability": "in probability", "score": "in the score"}
"""What follows the figure of an effect."""


def quantity(scale: Scale, scores: Iterable[ScoreRow]) -> Quantity:
    """That of a search. A classifier that gives quantities (a regression), or a single output of which nobody said what
    it is, has no logits; without any scores nobody knows, and the usual is taken.

    Args:
        scores: of the classifier; the first one says it for all.
    """
    if scale == "prob":
        return "probability"
    row = next(iter(scores), None)
    return "logit" if row is None or gives_probabilities(row.labels, row.output_kind) else "score"


def gives_probabilities(labels: Sequence[str], kind: OutputKind) -> bool:
    """Whether probabilities follow from the scores, which are then logits."""
    return kind == "multilabel" or (kind == "softmax" and len(labels) > 1)


@dataclasses.dataclass(frozen=True, slots=True)
class Value:
    """A target's figures on one picture; the probability is NaN if it has none."""

    score: float
    probability: float

    def on(self, scale: Scale) -> float:
        """The one that an effect is a change of."""
        return self.score if scale == "logit" else self.probability


def values(rows: Sequence[ScoreRow | None], originals: Sequence[ScoreRow | None], name: str) -> list[Value | None]:
    """What the classifier says of pictures about a target as the artifacts call it.

    Args:
        rows: of one classifier; ``None`` for a picture that is not scored.
        originals: those of the untouched images, which ``predicted`` goes by.

    Returns:
        ``None`` where the scores do not know such a target, or where a picture's are missing, or the original's that
        are needed.
    """
    found: list[Value | None] = [None] * len(rows)
    some = next((row for row in rows if row is not None), None)
    target = None if some is None else parse(name, some.labels)
    if target is None:
        return found
    own = target.column is None
    known = [
        (i, row, original or row)
        for i, (row, original) in enumerate(zip(rows, originals, strict=True))
        if row is not None and not (own and original is None)
    ]
    if known:
        told = target.outcomes([row for _, row, _ in known], [original for *_, original in known])
        for (i, *_), *figures in zip(known, told.score.tolist(), told.probability.tolist(), strict=True):
            found[i] = Value(*figures)
    return found


def choose(wanted: str | None, originals: Sequence[ScoreRow], classifier: str, scale: Scale) -> tuple[Target, ...]:
    """The targets that a setting names: one, or with ``all`` one for each class.

    Args:
        wanted: the setting; a label of this very name comes before the words ``all`` and ``predicted`` and before
            contrasts. ``None``: the class predicted most often on the originals (of several, the first in
            the classifier's order).
    """
    labels = originals[0].labels
    if scale == "prob":
        _check_probabilities(labels, originals[0].output_kind, classifier)
    if wanted is None:
        votes = Counter(row.prediction for row in originals)
        wanted = max(labels, key=lambda label: votes[label])
    found = explained(wanted, labels)
    if found:
        return found
    close = difflib.get_close_matches(wanted, labels, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    shown = ", ".join(labels[:_LABELS_SHOWN])
    more = f", … ({len(labels)} in all)" if len(labels) > _LABELS_SHOWN else ""
    raise UsageError(f"the classifier {classifier} has no class {wanted!r}{hint}; --target can be: {shown}{more}")


def _check_probabilities(labels: Sequence[str], kind: OutputKind, classifier: str) -> None:
    if not gives_probabilities(labels, kind):
        what = "gives quantities" if kind == "regression" else "has a single output"
        raise UsageError(f"the classifier {classifier} {what} and no probabilities: leave out --scale prob")


def explained(name: str, labels: Sequence[str]) -> tuple[Target, ...]:
    """The targets of a name in the artifacts, with ``all`` one for each class; empty if these labels do not have it."""
    if name == ALL and ALL not in labels:
        return tuple(Target(label, column) for column, label in enumerate(labels))
    target = parse(name, labels)
    return () if target is None else (target,)


@functools.lru_cache(maxsize=4)
def _columns(labels: tuple[str, ...]) -> Mapping[str, int]:
    return {nfc(label): column for column, label in enumerate(labels)}


def parse(name: str, labels: Sequence[str]) -> Target | None:
    """The target of a name in the artifacts; ``None`` if these labels do not have it."""
    columns = _columns(tuple(labels))
    name = nfc(name)
    if name in columns:
        return Target(labels[columns[name]], columns[name])
    if name == PREDICTED:
        return Target(name, None)
    pieces = name.split(" - ")
    # labels may hold the separator themselves
    for cut in range(1, len(pieces)):
        label, against = " - ".join(pieces[:cut]).strip(), " - ".join(pieces[cut:]).strip()
        if label in columns and against in columns and label != against:
            return Target(f"{labels[columns[label]]} - {labels[columns[against]]}", columns[label], columns[against])
    return None
