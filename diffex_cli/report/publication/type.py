"""Text on a figure: which fonts, how wide a line is, where it is broken. Lengths in points (1/72 inch)."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Literal, TypeAlias

from diffex_cli.core.printable import one_line_of

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

Weight: TypeAlias = Literal["normal", "bold"]

_FAMILIES = ("DejaVu Sans", "Noto Sans", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans Arabic", "Noto Sans Hebrew")
"""The first one ships with matplotlib; the others lend it the letters that it lacks, where they are installed."""
LEADING = 1.25
"""From one line to the next, in font sizes."""
ASCENT = 0.95
"""From the top of a line to its baseline, in font sizes."""
_ELLIPSIS = "…"
_SLACK = 0.985
"""What is drawn may be a little wider than what is measured: letters are set on whole pixels."""


def plain(text: str) -> str:
    """One line of printable characters: line breaks, control and direction marks become a space."""
    return one_line_of(text)


def font(size: float, weight: Weight = "normal") -> FontProperties:
    """The font of all figures."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=list(_installed()), size=size, weight=weight)


@functools.cache
def _installed() -> tuple[str, ...]:
    from matplotlib.font_manager import fontManager

    names = {entry.name for entry in fontManager.ttflist}
    return tuple(family for family in _FAMILIES if family in names) or ("sans-serif",)


def width(text: str, size: float, weight: Weight = "normal") -> float:
    """How wide a line is."""
    import warnings

    from matplotlib.textpath import text_to_path

    with warnings.catch_warnings():
        # letters that no font has become boxes, which is no fault of the run
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        return float(text_to_path.get_text_width_height_descent(text, font(size, weight), ismath=False)[0])


def wrapped(text: str, size: float, room: float, weight: Weight = "normal", most: int = 4) -> tuple[str, ...]:
    """Break a text into lines that fit.

    Between words where that is possible, within a word that is wider than the room.

    Args:
        text: what to break; see :func:`plain`.
        size: of the font.
        room: the widest a line may be.
        weight: of the font.
        most: lines at most; what does not fit ends in ``…``.

    Returns:
        the lines, at least one (perhaps empty).
    """
    room *= _SLACK
    lines = [""]
    for word in plain(text).split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if width(longer, size, weight) <= room:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and width(lines[-1] + letter, size, weight) > room:
                lines.append("")
            lines[-1] += letter
        if len(lines) > most:
            break
    if len(lines) <= most:
        return tuple(lines)
    last = lines[most - 1]
    while last and width(last + _ELLIPSIS, size, weight) > room:
        last = last[:-1]
    return (*lines[: most - 1], last.rstrip() + _ELLIPSIS)
