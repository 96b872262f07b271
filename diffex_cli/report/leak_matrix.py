"""What edits changed besides, as a matrix: the attributes that were asked for by those that changed. Pure functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from diffex_cli.report.claims import shown
from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.facts import is_set, ranked
from diffex_cli.report.leaks import Leak

WORTH = 0.1
"""The least share of edits that is shown; of a protected attribute any is."""
ROWS, COLUMNS = 16, 16
"""At most."""


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """An attribute that changed; ``share``: the largest in any row."""

    id: str
    name: str
    protected: bool
    kin: bool
    share: float


@dataclasses.dataclass(frozen=True, slots=True)
class Matrix:
    """Those rows and columns in which anything is worth showing.

    Attributes:
        rows: what was asked for: what was shown to matter first, placebos last.
        columns: what changed: what is protected first, then what is of a feature that was asked for.
        cells: for each row one a column; ``None`` where nothing was read, or where the change was asked for.
        read: of how many attributes the edits were read.
        leaky: in how many of these something is worth showing; more than there are rows if those are too many.
        changed: how many attributes changed so; more than there are columns if those are too many.
    """

    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    cells: tuple[tuple[Leak | None, ...], ...]
    read: int
    leaky: int
    changed: int


def matrix(data: ReportData) -> Matrix | None:
    """``None`` if no edit was read for anything but what it was asked for."""
    read = [row for row in _in_order(data) if data.also_changed.get(row.candidate)]
    if not read:
        return None
    worth = {row.candidate: [one for one in data.also_changed[row.candidate] if _is_worth(one)] for row in read}
    rows = [row for row in read if worth[row.candidate]]
    some = rows[:ROWS]
    few = _columns([one for row in some for one in worth[row.candidate]])[:COLUMNS]
    changed = {one.id for row in rows for one in worth[row.candidate]}
    cells = []
    for row in some:
        own = {one.id: one for one in data.also_changed[row.candidate]}
        cells.append(tuple(own.get(column.id) for column in few))
    return Matrix(tuple(some), tuple(few), tuple(cells), len(read), len(rows), len(changed))


def _is_worth(one: Leak) -> bool:
    return one.share >= WORTH or (one.protected and one.share > 0)


def _in_order(data: ReportData) -> Sequence[Row]:
    """The single attributes: those that were shown to matter, then the others by rank, the placebos last."""
    claimed = shown(data)
    known = {row.candidate for row in claimed}
    others = [row for row in ranked(data.rows) if not is_set(row) and row.candidate not in known]
    return (*claimed, *sorted(others, key=lambda row: row.placebo))


def _columns(changed: Sequence[Leak]) -> list[Column]:
    found: dict[str, list[Leak]] = {}
    for one in changed:
        found.setdefault(one.id, []).append(one)
    columns = [
        Column(id, some[0].name, some[0].protected, any(one.kin for one in some), max(one.share for one in some))
        for id, some in found.items()
    ]
    return sorted(columns, key=lambda one: (not one.protected, not one.kin, -one.share, one.id))
