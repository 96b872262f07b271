"""The overview picture, in the manner of the paper's Figure 4.

One column for each of the leading attributes: the original (red border), the attribute's edit
(black border), and below it, indented, the edits of its strongest finer attributes. The target's
probability stands in the top-left corner of every picture.

Lengths here are in CSS pixels of a page about 1000 wide; the file has 1.5 times as many.
"""

from __future__ import annotations

import io
import textwrap
import warnings
from typing import TYPE_CHECKING, Any

from diffex_cli.report import choose, facts
from diffex_cli.report.data import ReportData, Row, Shot
from diffex_cli.report.numbers import finite, probability, signed
from diffex_cli.report.pictures import Gallery
from diffex_cli.report.tree import Tree

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH = 1000.0
_MARGIN = 14.0
_GAP = 16.0
_LARGEST = 180.0
_NARROWEST = 700.0
_INDENT = 0.18
_TITLE = 32.0
_LABEL = 54.0
_LEGEND = 30.0
_LINE = 15.0
_PER_INCH = 100.0
_DPI = 150
_FONT = "DejaVu Sans"

_ORIGINAL = "#d11f2f"
_EDITED = "#111111"
_RAISES = "#0b6e66"
_LOWERS = "#a84b08"
_QUIET = "#5c6066"


def figure_png(data: ReportData, tree: Tree, gallery: Gallery) -> bytes:
    """Draw the figure.

    Returns:
        A PNG file, the same bytes for the same data. Without readable pictures it says so in words.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = choose.columns(data, tree, gallery)
    count = max(len(columns), 1)
    width = min(_LARGEST, (_WIDTH - 2 * _MARGIN - (count - 1) * _GAP) / count)
    rows = max((len(column.subtypes) for column in columns), default=0)
    small = width * (1 - _INDENT)
    body = _LABEL + 2 * width + 8 + rows * (_LABEL + small) if columns else 40.0
    full_width = max(_NARROWEST, 2 * _MARGIN + count * width + (count - 1) * _GAP)
    full_height = _TITLE + body + _LEGEND

    figure = Figure(figsize=(full_width / _PER_INCH, full_height / _PER_INCH), dpi=_DPI, facecolor="white")
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, full_width)
    axes.set_ylim(full_height, 0)
    board = _Board(axes, gallery)
    board.text(_MARGIN, 13, _title(data), size=11, weight="bold")
    for number, column in enumerate(columns):
        _draw_column(board, data, column, _MARGIN + number * (width + _GAP), width)
    if not columns:
        board.text(_MARGIN, _TITLE, "There are no pictures to show.", size=9)
    board.text(_MARGIN, full_height - 21, _legend(data), size=7.5, color=_QUIET)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A name may be written in letters that the font lacks: they become boxes, which is no fault of the run.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        canvas.print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()


def _title(data: ReportData) -> str:
    whom = "each class" if data.every_class else f"‘{data.target}’"
    if facts.found(data):
        title = f"What raises and lowers {whom} ({data.classifier})"
    else:
        passed = "Nothing passed" if data.judged else "Nothing passed δ"
        title = f"{passed} for {whom} ({data.classifier})"
    return textwrap.shorten(title, 100, placeholder="…")


def _legend(data: ReportData) -> str:
    whom = "the class named" if data.every_class else f"‘{textwrap.shorten(data.target, 30, placeholder='…')}’"
    return (
        f"Red border: original.  Black border: edited.  In the corner: probability of {whom}.  "
        f"Below the name: mean change of its {data.quantity}."
    )


def _draw_column(board: _Board, data: ReportData, column: choose.Column, left: float, width: float) -> None:
    top = _TITLE
    board.label(left, top, width, column.head.row, data, weight="bold")
    top += _LABEL
    board.picture(left, top, width, column.head.pair.original, _ORIGINAL)
    top += width + 8
    board.picture(left, top, width, column.head.pair.edited, _EDITED)
    top += width
    trunk, indent, small = left + width * _INDENT * 0.35, width * _INDENT, width * (1 - _INDENT)
    start = top
    for shown in column.subtypes:
        board.label(left + indent, top + 6, small, shown.row, data)
        top += _LABEL
        board.line((trunk, trunk, left + indent), (start, top + small / 2, top + small / 2))
        board.picture(left + indent, top, small, shown.pair.edited, _EDITED)
        top += small


class _Board:
    """Draws text and pictures at page coordinates."""

    def __init__(self, axes: Axes, gallery: Gallery) -> None:
        self._axes = axes
        self._gallery = gallery

    def text(self, x: float, y: float, text: str, *, size: float, color: str = _EDITED, weight: str = "normal") -> None:
        """Write one line whose top is at y; never read as mathematics."""
        self._axes.text(
            x,
            y,
            text,
            fontsize=size,
            color=color,
            fontweight=weight,
            fontfamily=_FONT,
            va="top",
            usetex=False,
            parse_math=False,
        )

    def label(self, x: float, y: float, width: float, row: Row, data: ReportData, weight: str = "normal") -> None:
        """An attribute's name on at most two lines, and its effect, ending above y + the label's height."""
        lines = textwrap.wrap(row.name, max(8, int(width / 7.4)), max_lines=2, placeholder="…") or [row.candidate]
        y += _LINE * (2 - len(lines))
        for number, line in enumerate(lines):
            self.text(x, y + number * _LINE, line, size=8.5, weight=weight)
        raises = finite(row.effect) and row.effect >= 0
        claimed = row.status == "kept" and row.passed is not False
        color = _QUIET if not claimed else _RAISES if raises else _LOWERS
        effect = f"{signed(row.effect)} {row.target}" if data.every_class else signed(row.effect)
        effect = textwrap.shorten(effect, max(8, int(width / 6)), placeholder="…") or signed(row.effect)
        self.text(x, y + len(lines) * _LINE, effect, size=8.5, color=color, weight="bold")

    def line(self, xs: tuple[float, ...], ys: tuple[float, ...]) -> None:
        """A connector from an attribute to a finer one."""
        self._axes.plot(xs, ys, color="#9aa0a6", linewidth=1.0, solid_joinstyle="miter", zorder=0)

    def picture(self, x: float, y: float, side: float, shot: Shot, border: str) -> None:
        """A picture, fitted into a square, with its border and the target's probability."""
        from matplotlib.patches import Rectangle

        picture = self._gallery.picture(shot.file)
        assert picture is not None
        scale = side / max(picture.image.size)
        width, height = picture.image.width * scale, picture.image.height * scale
        x += (side - width) / 2
        y += (side - height) / 2
        self._axes.imshow(
            picture.image, extent=(x, x + width, y + height, y), aspect="auto", interpolation="lanczos", zorder=1
        )
        self._axes.add_patch(
            Rectangle((x, y), width, height, fill=False, edgecolor=border, linewidth=2, joinstyle="miter", zorder=2)
        )
        self._axes.text(
            x + 4,
            y + 4,
            probability(shot.probability),
            fontsize=8,
            fontweight="bold",
            fontfamily=_FONT,
            color="white",
            va="top",
            bbox={"facecolor": "#000000b3", "edgecolor": "none", "pad": 1.6},
            usetex=False,
            zorder=3,
        )
