"""The hierarchical figure, in the manner of the paper's Figure 4.

A column for each of the leading attributes: the original (red border), the attribute's edit (black border), and
below it, indented, the edits of its strongest finer attributes on the same image.
"""

from __future__ import annotations

from diffex_cli.report import choose
from diffex_cli.report.data import ReportData, Row, Shot
from diffex_cli.report.numbers import finite, percent, signed
from diffex_cli.report.publication import words
from diffex_cli.report.publication.drawing import Drawing, no_pictures
from diffex_cli.report.publication.sheet import EDITED, FULL, ORIGINAL, QUIET, Sheet, height, row_of
from diffex_cli.report.publication.shots import Shots
from diffex_cli.report.publication.type import Weight, plain, wrapped
from diffex_cli.report.tree import Tree

_GAP = 8.0
_LARGEST = 112.0
_NARROWEST = 330.0
_INDENT = 0.16
_NAME = 7.0
_SMALL = 6.5
_LEGEND = 6.5
_MOST_LINES = 3


def draw(data: ReportData, tree: Tree, shots: Shots) -> Drawing:
    """Draw the figure. Without readable pictures it says so in words.

    Args:
        data: the report's data.
        tree: the ranking as a hierarchy.
        shots: reads the pictures.
    """
    columns = choose.columns(data, tree, shots)
    title = f"{words.best(data)}, from coarse to fine ({plain(data.shown_name)})"
    if not columns:
        return no_pictures("hierarchy", title)
    side = min(_LARGEST, (FULL - (len(columns) - 1) * _GAP) / len(columns))
    sheet = Sheet(max(_NARROWEST, len(columns) * side + (len(columns) - 1) * _GAP))
    top = sheet.paragraph(0, 1, sheet.width, title, 9, weight="bold", most=2) + 4
    small = side * (1 - _INDENT)
    lefts = [number * (side + _GAP) for number in range(len(columns))]

    labels = max(_label_height(column.head.row, data, side, "bold") for column in columns)
    for left, column in zip(lefts, columns, strict=True):
        own = _label_height(column.head.row, data, side, "bold")
        _label(sheet, left, top + labels - own, side, column.head.row, data, "bold")
        _picture(sheet, left, top + labels + 2, side, column.head.pair.original, ORIGINAL, shots)
        _picture(sheet, left, top + labels + side + 6, side, column.head.pair.edited, EDITED, shots)
    start = top = top + labels + 2 * side + 6

    for number in range(max(len(column.subtypes) for column in columns)):
        there = [
            (left, one.subtypes[number]) for left, one in zip(lefts, columns, strict=True) if one.subtypes[number:]
        ]
        top += 5
        labels = max(_label_height(shown.row, data, small) for _, shown in there)
        for left, shown in there:
            indent = left + side - small
            own = _label_height(shown.row, data, small)
            _label(sheet, indent, top + labels - own, small, shown.row, data)
            middle, trunk = top + labels + 2 + small / 2, left + side * _INDENT * 0.4
            sheet.line((trunk, trunk, indent), (start + 1, middle, middle))
            _picture(sheet, indent, top + labels + 2, small, shown.pair.edited, EDITED, shots)
        top += labels + 2 + small

    legend = [(ORIGINAL, "original"), (EDITED, "edited")]
    top = row_of(sheet, 0, top + 7, sheet.width, legend, _LEGEND)
    told = (
        f"In the corner: probability of {words.of_whom(data)}. Below each name: {words.measured(data)}. "
        f"{words.claims(data)} {words.floor(data)}"
    )
    sheet.skip(sheet.paragraph(0, top + 1, sheet.width, told, _LEGEND, color=QUIET, most=6) + 2)
    return Drawing("hierarchy", title, told, _alternative(data, columns), sheet)


def _lines(row: Row, data: ReportData, room: float, weight: Weight) -> tuple[str, ...]:
    return wrapped(words.name_and_class(row, data), _NAME, room, weight, _MOST_LINES)


def _figures(row: Row, data: ReportData) -> tuple[str, ...]:
    effect = " · ".join(filter(None, (signed(row.effect), words.verdict(row))))
    return tuple(filter(None, (effect, words.brackets(row.low, row.high))))


def _label_height(row: Row, data: ReportData, room: float, weight: Weight = "normal") -> float:
    return height(len(_lines(row, data, room, weight)), _NAME) + height(len(_figures(row, data)), _SMALL)


def _label(
    sheet: Sheet, x: float, y: float, room: float, row: Row, data: ReportData, weight: Weight = "normal"
) -> None:
    """The name, the effect and its interval, from y downwards."""
    for line in _lines(row, data, room, weight):
        y = sheet.text(x, y, line, _NAME, weight=weight)
    for number, line in enumerate(_figures(row, data)):
        y = sheet.text(x, y, line, _SMALL, color=words.color(row), weight="normal" if number else "bold")


def _picture(sheet: Sheet, x: float, y: float, side: float, shot: Shot, border: str, shots: Shots) -> None:
    image = shots.picture(shot.file)
    assert image is not None
    sheet.picture(x, y, side, image, border, percent(shot.probability) if finite(shot.probability) else "")


def _alternative(data: ReportData, columns: tuple[choose.Column, ...]) -> str:
    told = []
    for column in columns:
        finer = [f"{words.name(one.row)} {signed(one.row.effect)}" for one in column.subtypes]
        below = f" (below it {', '.join(finer)})" if finer else ""
        told.append(f"{words.name_and_class(column.head.row, data)} {signed(column.head.row.effect)}{below}")
    return f"Before and after pictures of {'; '.join(told)}."
