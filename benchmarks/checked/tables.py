"""The marks as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from benchmarks.checked.trial import Marks
from benchmarks.markdown import table

_HEAD = (
    *("classifiers", "options", "nDCG@5", "right top", "signs", "claims", "of nothing", "wrong sign"),
    *("intervals that hold", "mean error", "not tested", "edits"),
)


def checked_table(editor: str, found: Mapping[tuple[str, str], Sequence[Marks]]) -> str:
    """One row a set of classifiers and variant."""
    rows = [_row(name, variant, marks) for (name, variant), marks in found.items()]
    return f"**`{editor}`**\n\n{table(_HEAD, rows)}"


def _row(name: str, variant: str, marks: Sequence[Marks]) -> list[str]:
    def total(field: str) -> int:
        return sum(getattr(one, field) for one in marks)

    def mean(field: str) -> float:
        known = [value for one in marks if not math.isnan(value := getattr(one, field))]
        return math.fsum(known) / len(known) if known else math.nan

    tops = [one.top for one in marks if not math.isnan(one.top)]
    strong = max(total("strong"), 1)
    return [
        f"{name}, {len(marks)}",
        variant,
        f"{mean('ndcg5'):.3f}",
        f"{sum(tops):.0f} of {len(tops)}",
        f"{total('signs') / strong:.3f}",
        str(total("claims")),
        str(total("nothing")),
        str(total("turned")),
        f"{total('held') / strong:.2f}",
        f"{mean('error'):.3f}",
        str(total("untested")),
        f"{mean('edits'):.0f}",
    ]
