"""A sheet of paper to draw on: lengths in points (1/72 inch), y downwards, as tall as what is drawn needs.

White, whatever the reader's own settings of matplotlib are; the same drawing gives the same bytes. Letters
are outlines, so that a figure looks the same where its font is missing; what it shows is told in words in the file's
metadata.
"""

from __future__ import annotations

import dataclasses
import io
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from diffex_cli.report.publication.type import ASCENT, LEADING, Weight, font, plain, width, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from PIL import Image

FULL = 490.0
"""Across both columns of a page: 6.9 inches with the margins."""
COLUMN = 242.0
"""One column: 3.5 inches with the margins."""

INK = "#16181b"
QUIET = "#565b62"
RULE = "#9aa0a6"
NOISE = "#e4e2dc"
RAISES = "#0b5f9e"
LOWERS = "#b84a00"
"""Blue and vermilion, which the colour-blind tell apart too, and dark enough for small letters on white."""
ORIGINAL = "#d11f2f"
EDITED = "#111111"

Kind: TypeAlias = Literal["png", "svg"]
Align: TypeAlias = Literal["left", "center", "right"]
KINDS: tuple[Kind, ...] = ("png", "svg")
_MARGIN = 5.0
DPI = 300
"""What journals ask for."""
_STYLE = {
    "text.hinting": "no_hinting",
    "svg.fonttype": "path",
    "svg.hashsalt": "diffex",
    "image.composite_image": False,
}


@dataclasses.dataclass
class Sheet:
    """What is drawn, until it is rendered.

    Attributes:
        width: of the sheet.
        bottom: the lowest point that anything reaches.
    """

    width: float
    bottom: float = 0.0
    _marks: list[Callable[[Axes], object]] = dataclasses.field(default_factory=list)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        color: str = INK,
        weight: Weight = "normal",
        align: Align = "left",
        background: str | None = None,
    ) -> float:
        """Write one line whose top is at y, never read as mathematics.

        Returns:
            the line's bottom.
        """
        baseline = y + ASCENT * size
        box = {"facecolor": background, "edgecolor": "none", "pad": 1.2} if background else None

        def mark(axes: Axes) -> object:
            properties = font(size, weight)
            return axes.text(
                x, baseline, plain(text), fontproperties=properties, color=color, ha=align, va="baseline", bbox=box,
                usetex=False, parse_math=False, zorder=4,
            )  # fmt: skip

        self._marks.append(mark)
        return self._reaches(y + LEADING * size)

    def paragraph(
        self,
        x: float,
        y: float,
        room: float,
        text: str,
        size: float,
        *,
        color: str = INK,
        weight: Weight = "normal",
        most: int = 4,
    ) -> float:
        """Write a text on as many lines as it needs, at most ``most``.

        Returns:
            the last line's bottom.
        """
        for line in wrapped(text, size, room, weight, most):
            y = self.text(x, y, line, size, color=color, weight=weight)
        return y

    def picture(self, x: float, y: float, side: float, image: Image.Image, border: str, corner: str = "") -> None:
        """A picture fitted into a square, with its border and a few words in the top-left corner."""
        scale = side / max(image.size)
        wide, tall = image.width * scale, image.height * scale
        left, top = x + (side - wide) / 2, y + (side - tall) / 2

        def mark(axes: Axes) -> None:
            from matplotlib.patches import Rectangle

            extent = (left, left + wide, top + tall, top)
            axes.imshow(image, extent=extent, aspect="auto", interpolation="lanczos", zorder=1)
            frame = Rectangle(
                (left, top), wide, tall, fill=False, edgecolor=border, linewidth=1.4, joinstyle="miter", zorder=2
            )
            axes.add_patch(frame)

        self._marks.append(mark)
        self._reaches(y + side)
        if corner:
            self.text(left + 2.6, top + 2.0, corner, 6.5, color="white", weight="bold", background="#000000b8")

    def line(self, xs: Sequence[float], ys: Sequence[float], color: str = RULE, thick: float = 0.7) -> None:
        """Connected straight lines."""
        self._marks.append(lambda axes: axes.plot(xs, ys, color=color, linewidth=thick, solid_joinstyle="miter"))
        self._reaches(max(ys))

    def box(self, x: float, y: float, wide: float, tall: float, color: str, *, filled: bool = True) -> None:
        """A rectangle, filled or an outline; under all lines and letters."""

        def mark(axes: Axes) -> None:
            from matplotlib.patches import Rectangle

            face = color if filled else "white"
            edge = "none" if filled else color
            axes.add_patch(Rectangle((x, y), wide, tall, facecolor=face, edgecolor=edge, linewidth=0.8, zorder=0.5))

        self._marks.append(mark)
        self._reaches(y + tall)

    def point(self, x: float, y: float, shape: str, color: str, *, filled: bool = True, size: float = 5.0) -> None:
        """A marker; the shapes are those of matplotlib."""
        self._marks.append(
            lambda axes: axes.plot(
                [x], [y], shape, markersize=size, color=color, markerfacecolor=color if filled else "white",
                markeredgewidth=1.0, zorder=3, clip_on=False,
            )
        )  # fmt: skip
        self._reaches(y + size / 2)

    def skip(self, y: float) -> None:
        """Leave the sheet white down to y."""
        self._reaches(y)

    def render(self, kind: Kind, title: str, description: str, dpi: int = DPI) -> bytes:
        """The file.

        Args:
            kind: ``png`` or ``svg``.
            title: what it is, for the metadata.
            description: what can be seen on it, for who cannot.
            dpi: dots an inch, of the pictures on it too.
        """
        from matplotlib import style
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        told = {"Title": plain(title), "Description": plain(description)}
        wide, tall = self.width + 2 * _MARGIN, self.bottom + 2 * _MARGIN
        buffer = io.BytesIO()
        with style.context(["default", _STYLE]), warnings.catch_warnings():
            # letters that no font has become boxes, which is no fault of the run
            warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
            figure = Figure(figsize=(wide / 72, tall / 72), dpi=dpi, facecolor="white")
            FigureCanvasAgg(figure)
            axes = figure.add_axes((0, 0, 1, 1))
            axes.set_axis_off()
            for mark in self._marks:
                mark(axes)
            axes.set_xlim(-_MARGIN, self.width + _MARGIN)
            axes.set_ylim(self.bottom + _MARGIN, -_MARGIN)
            unset = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
            figure.savefig(buffer, format=kind, dpi=dpi, metadata={**told, **unset})
        return buffer.getvalue()

    def _reaches(self, y: float) -> float:
        self.bottom = max(self.bottom, y)
        return y


def height(lines: int, size: float) -> float:
    """How tall so many lines are."""
    return lines * LEADING * size


def row_of(sheet: Sheet, x: float, y: float, room: float, parts: Sequence[tuple[str, str]], size: float) -> float:
    """A legend: (colour, text) side by side, on as many lines as they need; texts name what the colour means.

    Returns:
        the bottom of the last line.
    """
    at, gap = x, 9.0
    for color, text in parts:
        wide = width(text, size) + 9
        if at > x and at + wide > x + room:
            at, y = x, y + LEADING * size
        sheet.box(at, y + 0.25 * size, 0.75 * size, 0.75 * size, color, filled=False)
        sheet.text(at + 8, y, text, size, color=QUIET)
        at += wide + gap
    return y + LEADING * size
