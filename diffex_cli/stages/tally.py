"""Edits in sum: how many failed and why, and how far the others went."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable

from diffex_cli.artifacts.rows import EditRow


@dataclasses.dataclass(frozen=True, slots=True)
class Tally:
    """A sum of edits. The means are over those that have a picture, reconstructions left out.

    Attributes:
        no_ops: how many changed nothing.
        failed: how many failed.
        failure: the reason that most of those gave; ``None`` if none failed.
        changed: mean share of pixels that changed; ``None`` without an edit, as all that follow.
        change_inside: mean change inside the mask, in [0, 1], of those that have one.
        change_outside: mean change outside of it.
        saturated: mean share of pixels newly at the end of the range.
        perceptual: mean perceptual distance to the input, of those for which it was measured.
    """

    no_ops: int
    failed: int
    failure: str | None
    changed: float | None
    change_inside: float | None
    change_outside: float | None
    saturated: float | None
    perceptual: float | None


def tally(rows: Iterable[EditRow]) -> Tally:
    """Sum up rows; of reasons that are equally frequent, the first by the alphabet."""
    all_rows = list(rows)
    reasons = Counter(row.reason or "" for row in all_rows if row.status == "failed")
    edits = [row for row in all_rows if row.status != "failed" and row.candidate]
    return Tally(
        no_ops=sum(row.status == "no-op" for row in all_rows),
        failed=reasons.total(),
        failure=min(reasons, key=lambda reason: (-reasons[reason], reason), default=None),
        changed=_mean(row.changed for row in edits),
        change_inside=_mean(row.change_inside for row in edits),
        change_outside=_mean(row.change_outside for row in edits),
        saturated=_mean(row.saturated for row in edits),
        perceptual=_mean(row.perceptual for row in edits),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
