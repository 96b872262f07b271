"""Values as JSON can hold them: no NaN, five significant digits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

from diffex_cli.artifacts.rows import EditRow
from diffex_cli.report.verifier_trust import Trust, compared
from diffex_cli.report.words import Text

Json: TypeAlias = Mapping[str, object] | list[object] | str | int | float | bool | None


def number(value: float | None) -> float | None:
    """Five significant digits; ``None`` for what is unknown or not finite."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.5g}")


def numbers(values: Iterable[float | None]) -> list[float | None]:
    """All of them as :func:`number`."""
    return [number(value) for value in values]


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of those that are known, as :func:`number`; ``None`` if none is."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    return number(math.fsum(known) / len(known)) if known else None


def segments(text: Text, index: Mapping[str, int]) -> list[dict[str, object]]:
    """A sentence as ``{"text", "attribute"}`` segments.

    Args:
        text: the sentence.
        index: candidate id → number of the attribute in the payload.
    """
    return [
        {"text": one.text, "attribute": None if one.candidate is None else index.get(one.candidate)} for one in text
    ]


FIGURES = (
    ("changed", "pixels changed", "share of pixels that differ from the input by more than 16 of 255", "share"),
    ("mean_change", "mean change", "mean absolute difference to the input, from 0 to 1", "of full scale"),
    ("mask_share", "mask", "share of pixels inside the mask that the editor let itself change", "share"),
    ("change_inside", "change inside", "mean absolute difference to the input inside the mask", "of full scale"),
    ("change_outside", "change outside", "the same outside of the mask: what should not have changed", "of full scale"),
    ("saturated", "newly saturated", "share of pixels with a channel at 0 or 255 that was at neither before", "share"),
    ("perceptual", "perceptual distance", "distance to the input in a network’s features, from 0 to 4", "distance"),
    ("seconds", "seconds", "time that one edit took", "s"),
)
"""Key, label, meaning and unit of each figure that an edit can have."""


def of_edits(edits: Collection[EditRow]) -> dict[str, object]:
    """Counts by status, and the means over the edits that have a picture; a mean is ``None`` where no edit has it."""
    made = [edit for edit in edits if edit.status != "failed"]
    means = {key: mean(getattr(edit, key) for edit in made) for key, *_ in FIGURES}
    return {**_counts(edits), **means}


def of_run(edits: Collection[EditRow]) -> dict[str, object]:
    """The whole run: counts, total time, why edits failed, and which figures it knows."""
    made = [edit for edit in edits if edit.status != "failed"]
    reasons = Counter(edit.reason or "no reason was given" for edit in edits if edit.status != "ok")
    return {
        "edits": len(edits),
        **_counts(edits),
        "seconds": number(math.fsum(edit.seconds for edit in edits)) if edits else None,
        "columns": [
            {"key": key, "label": label, "meaning": meaning, "unit": unit}
            for key, label, meaning, unit in FIGURES
            if any(getattr(edit, key) is not None for edit in made)
        ],
        "reasons": [{"text": text, "count": count} for text, count in reasons.most_common()],
    }


def _counts(edits: Iterable[EditRow]) -> dict[str, int]:
    statuses = Counter(edit.status for edit in edits)
    return {"ok": statuses["ok"], "no_op": statuses["no-op"], "failed": statuses["failed"]}


def of_verifier(trust: Trust) -> dict[str, object]:
    """What is known of a search's verifier; null where nobody knows."""
    found = None if trust.review is None or not trust.review.answered else compared(trust.review)
    return {
        "spec": trust.spec,
        "test": None if trust.test is None else trust.test.verdict,
        "checked": 0 if found is None else found.n,
        "precision": None if found is None else number(found.precision.value),
        "recall": None if found is None else number(found.recall.value),
        "kappa": None if found is None else number(found.kappa),
    }
