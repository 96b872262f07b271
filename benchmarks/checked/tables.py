"""The marks as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from benchmarks.checked.trial import Marks
from benchmarks.markdown import table

_HEAD = (
    *("classifiers", "options", "nDCG@5", "right top", "signs", "claims", "of nothing", "in 100", "wrong sign"),
    *("intervals that hold", "mean error", "not tested", "best pair", "edits", "of before's"),
)

Found: TypeAlias = Mapping[tuple[str, str], Mapping[str, Marks]]
"""Set of classifiers and variant → classifier → marks."""


def checked_table(editor: str, found: Found, against: Mapping[str, str]) -> str:
    """One row a set of classifiers and variant.

    Args:
        against: variant → the one that its edits are counted against, on the classifiers that both were measured on.
    """
    rows = [
        _row(name, variant, tuple(marks.values()), _share(marks, found.get((name, against[variant]), {})))
        for (name, variant), marks in found.items()
    ]
    return f"**`{editor}`**\n\n{table(_HEAD, rows)}"


def _share(marks: Mapping[str, Marks], others: Mapping[str, Marks]) -> float:
    """How many edits were asked for, per edit of others."""
    both = marks.keys() & others.keys()
    return sum(marks[name].edits for name in both) / sum(others[name].edits for name in both) if both else math.nan


def _row(name: str, variant: str, marks: Sequence[Marks], share: float) -> list[str]:
    def total(field: str) -> int:
        return sum(getattr(one, field) for one in marks)

    def known(field: str) -> list[float]:
        return [value for one in marks if not math.isnan(value := getattr(one, field))]

    def mean(field: str) -> float:
        values = known(field)
        return math.fsum(values) / len(values) if values else math.nan

    def right(field: str) -> str:
        values = known(field)
        return f"{sum(values):.0f} of {len(values)}" if values else "–"

    strong, claims = max(total("strong"), 1), total("claims")
    return [
        f"{name}, {len(marks)}",
        variant,
        f"{mean('ndcg5'):.3f}",
        right("top"),
        f"{total('signs') / strong:.3f}",
        str(claims),
        str(total("nothing")),
        f"{100 * total('nothing') / claims:.1f}" if claims else "–",
        str(total("turned")),
        f"{total('held') / strong:.2f}",
        f"{mean('error'):.3f}",
        str(total("untested")),
        right("pair"),
        f"{mean('edits'):.0f}",
        "–" if math.isnan(share) else f"{share:.2f}",
    ]
