"""What an attribute does to the decisions and the probabilities, picture by picture, counted."""

from __future__ import annotations

import dataclasses

import numpy as np

from diffex_cli.measure.targets import parse
from diffex_cli.report.data import ReportData, Row


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """Counts over the pictures whose edit and reconstruction were scored, and probabilities in [0, 1].

    Attributes:
        others: pictures not called the target before the edit, and of these ``gained`` are called it after.
        members: pictures called the target before, and of these ``lost`` are no longer.
        before: the target's mean probability before the edit, and ``after`` it.
    """

    others: int
    gained: int
    members: int
    lost: int
    before: float
    after: float


def change_of(row: Row, data: ReportData) -> Change | None:
    """``None`` where there are no probabilities (of quantities, or of pictures that were not scored)."""
    evidence = data.evidence
    bases, edits = evidence.edits.get("", {}), evidence.edits.get(row.candidate, {})
    both = [image for image in evidence.images if image in bases and image in edits]
    subjects = [(image, bases[image].edit, edits[image].edit) for image in both]
    scores = [[evidence.scores[key] for key in keys] for keys in subjects if evidence.scores.keys() >= set(keys)]
    target = parse(row.target, scores[0][0].labels) if scores else None
    if target is None:
        return None
    originals = [found[0] for found in scores]
    before, after = (target.outcomes([found[place] for found in scores], originals) for place in (1, 2))
    if np.isnan(before.probability).any() or np.isnan(after.probability).any():
        return None
    was, is_ = before.predicted > 0, after.predicted > 0
    return Change(
        others=int((~was).sum()),
        gained=int((~was & is_).sum()),
        members=int(was.sum()),
        lost=int((was & ~is_).sum()),
        before=float(before.probability.mean()),
        after=float(after.probability.mean()),
    )
