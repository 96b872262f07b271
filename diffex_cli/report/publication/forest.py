"""The forest plot, one column wide: each leading attribute's effect with its interval, over the noise floor."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from diffex_cli.report import facts
from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.numbers import counted, finite, magnitude, signed
from diffex_cli.report.publication import words
from diffex_cli.report.publication.axis import Axis
from diffex_cli.report.publication.drawing import Drawing, no_pictures
from diffex_cli.report.publication.sheet import COLUMN, INK, NOISE, QUIET, Sheet, height
from diffex_cli.report.publication.type import plain, wrapped

MOST = 20
"""Attributes shown, besides the placebos."""
_NAMES = 84.0
_FIGURES = 62.0
_GAP = 6.0
_NAME = 6.8
_SMALL = 6.2


def draw(data: ReportData) -> Drawing:
    """Draw the figure: what can be claimed, then the strongest of the others (sets last), then the placebos."""
    rows, others = _rows(data)
    title = f"Effects on {words.whom(data)} ({plain(data.shown_name)})"
    if not rows:
        return no_pictures("forest", title, "Nothing was measured.")
    floor = facts.noise_floor(data)
    axis = Axis.over(
        _NAMES + _GAP,
        COLUMN - _NAMES - _FIGURES - 2 * _GAP,
        [
            *(value for row in rows for value in (row.effect, row.effect_holdout)),
            floor.value if floor else None,
        ],
        [end for row in rows for end in (row.low, row.high, row.low_holdout, row.high_holdout)],
    )
    sheet = Sheet(COLUMN)
    start = sheet.paragraph(0, 1, COLUMN, title, 8.5, weight="bold") + 3
    lines = [_Line(row, data, start_of) for row, start_of in zip(rows, _starts(rows, data, start), strict=True)]
    bottom = lines[-1].bottom
    axis.ground(sheet, start, bottom, floor.value if floor else None)
    for line in lines:
        line.draw(sheet, axis)
    y = axis.ticks(sheet, bottom + 1)
    y = sheet.text(axis.at(0), y, f"mean change of the {data.quantity}", _SMALL, color=QUIET, align="center") + 3
    y = _legend(sheet, y, rows, data)
    caption = _caption(rows, data, others)
    sheet.skip(sheet.paragraph(0, y + 1, COLUMN, caption, _SMALL, color=QUIET, most=12) + 2)
    told = "; ".join(f"{words.name_and_class(row, data)} {' '.join(_figures(row, data))}" for row in rows)
    return Drawing("forest", title, caption, f"{told}.", sheet)


def _rows(data: ReportData) -> tuple[tuple[Row, ...], int]:
    """What is shown, and how many attributes are not."""
    known = [row for row in facts.ranked(data.rows) if finite(row.effect)]
    placebos = [row for row in known if row.placebo]
    others = [row for row in known if not row.placebo]
    others.sort(key=lambda row: (not words.claimed(row), not words.claimed(row) and facts.is_set(row)))
    return (*others[:MOST], *placebos[:MOST]), len(others[MOST:]) + len(placebos[MOST:])


def _figures(row: Row, data: ReportData) -> tuple[str, ...]:
    n = "" if row.n == data.n_images else f"  n = {row.n}"
    return tuple(filter(None, (f"{signed(row.effect)}{n}", words.brackets(row.low, row.high))))


@dataclasses.dataclass(frozen=True, slots=True)
class _Line:
    """One attribute's line on the plot, whose top is known."""

    row: Row
    data: ReportData
    top: float

    @property
    def names(self) -> tuple[str, ...]:
        return wrapped(words.name_and_class(self.row, self.data), _NAME, _NAMES, most=4)

    @property
    def bottom(self) -> float:
        names, figures = height(len(self.names), _NAME), height(len(_figures(self.row, self.data)), _SMALL)
        return self.top + max(names, figures) + 2.5

    def draw(self, sheet: Sheet, axis: Axis) -> None:
        row, data = self.row, self.data
        claimed, color = words.claimed(row), words.color(row)
        middle = (self.top + self.bottom) / 2
        y = middle - height(len(self.names), _NAME) / 2
        for line in self.names:
            y = sheet.text(0, y, line, _NAME, color=INK if claimed else QUIET, weight="bold" if claimed else "normal")
        again = row.effect_holdout
        above = middle - 2.6 if finite(again) else middle
        axis.interval(sheet, above, row.low, row.high, color)
        sheet.point(axis.at(row.effect), above, "x" if row.placebo else "o", color, filled=claimed)
        if finite(again):
            axis.interval(sheet, middle + 3.4, row.low_holdout, row.high_holdout, QUIET)
            sheet.point(axis.at(again), middle + 3.4, "D", QUIET, filled=False, size=3.2)
        figures = _figures(row, data)
        y = middle - height(len(figures), _SMALL) / 2
        for number, line in enumerate(figures):
            y = sheet.text(COLUMN - _FIGURES, y, line, _SMALL, color=color, weight="normal" if number else "bold")


def _starts(rows: tuple[Row, ...], data: ReportData, start: float) -> Iterator[float]:
    for row in rows:
        yield start
        start = _Line(row, data, start).bottom


def _legend(sheet: Sheet, y: float, rows: tuple[Row, ...], data: ReportData) -> float:
    """What the signs mean, one a line; only those that are there."""
    signs = [
        ("o", True, "shown to matter: blue raises, orange lowers", any(words.claimed(row) for row in rows)),
        ("o", False, "not shown to matter", any(not words.claimed(row) and not row.placebo for row in rows)),
        ("x", True, "placebo: the images cannot have it", any(row.placebo for row in rows)),
        ("D", False, f"on {data.n_held_out} held-out images", any(finite(row.effect_holdout) for row in rows)),
    ]
    for shape, filled, text, there in signs:
        if there:
            sheet.point(4, y + 0.65 * _SMALL, shape, INK if filled and shape == "o" else QUIET, filled=filled, size=4)
            y = sheet.text(11, y, text, _SMALL, color=QUIET)
    floor = facts.noise_floor(data)
    if floor is not None and floor.value > 0:
        sheet.box(0, y + 1, 8, _SMALL, NOISE)
        y = sheet.text(11, y, f"noise floor, ±{magnitude(floor.value)}", _SMALL, color=QUIET)
    return y


def _caption(rows: tuple[Row, ...], data: ReportData, others: int) -> str:
    unlike = any(row.n != data.n_images for row in rows)
    n = f"{counted(data.n_images, 'image')} each{' unless stated otherwise' if unlike else ''}"
    more = f" {others} more {'was' if others == 1 else 'were'} measured." if others else ""
    floor = facts.noise_floor(data)
    noise = "" if floor is not None and floor.value > 0 else f" {words.floor(data)}"
    corrected = f" Corrected for {counted(data.corrected_for, 'comparison')}." if data.corrected_for else ""
    return f"Lines and brackets: 95 % intervals, not corrected; {n}.{corrected}{noise}{more}"
