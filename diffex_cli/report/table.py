"""The ranking as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from diffex_cli.report.data import Row
from diffex_cli.report.facts import ranked
from diffex_cli.report.numbers import finite

COLUMNS = (
    "rank",
    "candidate",
    "target",
    "effect",
    "influence",
    "n",
    "name",
    "low",
    "high",
    "effect_original",
    "depth",
    "group",
    "placebo",
    "status",
    "reason",
)


def ranking_csv(rows: Iterable[Row]) -> str:
    """The rows by rank, numbers in full precision, unknown ones empty, truth values ``true``/``false``."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in ranked(rows):
        writer.writerow([_cell(getattr(row, column)) for column in COLUMNS])
    return buffer.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or (isinstance(value, float) and not finite(value)):
        return ""
    return value
