"""The ranking as CSV."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterable

from diffex_cli.report.data import Row
from diffex_cli.report.facts import ranked
from diffex_cli.report.numbers import finite

_FIRST = ("rank", "candidate", "target", "effect", "influence", "n", "name", "low", "high")

COLUMNS = (*_FIRST, *(field.name for field in dataclasses.fields(Row) if field.name not in _FIRST))
"""All columns of ``ranking.parquet``; what most readers look for comes first."""


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
