"""Tables and sentences that fit a width: no word is broken, and what does not fit goes in a planned order.

A width of ``None``, as of a pipe, fits everything.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

_GAP = 2
"""Blanks between two columns."""
_COMFORTABLE = 20
"""A column that can wrap is not made narrower than this as long as another one can go."""


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """A column of a printed table.

    Attributes:
        spare: whether it may go where there is no room: the largest number goes first; 0 stays.
    """

    name: str
    right: bool = False
    spare: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Fitted:
    """How a table fits.

    Attributes:
        shown: the places of the columns that are left.
        widths: theirs, in characters.
    """

    shown: tuple[int, ...]
    widths: tuple[int, ...]

    @property
    def width(self) -> int:
        """Of the whole table."""
        return sum(self.widths) + _GAP * (len(self.widths) - 1)

    def line(self, cells: Sequence[str], columns: Sequence[Column]) -> list[str]:
        """A row's lines of text, without blanks at their ends; ``cells``: of all columns."""
        parts = [filled(cells[place], width) for place, width in zip(self.shown, self.widths, strict=True)]
        height = max((len(part) for part in parts), default=0)
        lines = []
        for number in range(height):
            texts = [part[number] if number < len(part) else "" for part in parts]
            aligned = [
                _padded(text, width, right=columns[place].right)
                for text, place, width in zip(texts, self.shown, self.widths, strict=True)
            ]
            lines.append((" " * _GAP).join(aligned).rstrip())
        return lines


def fit(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None) -> Fitted:
    """Make a table as narrow as it has to be: first long names wrap, then columns go, then names wrap more.

    Words are never broken, so a table with a longer one is wider than it should be.
    """
    columns_of = [[column.name, *(row[place] for row in rows)] for place, column in enumerate(columns)]
    natural = [max(map(cells, texts)) for texts in columns_of]
    least = [max(cells(word) for text in texts for word in text.split(" ")) for texts in columns_of]
    shown = list(range(len(columns)))

    def total(widths: Sequence[int]) -> int:
        return sum(widths[place] for place in shown) + _GAP * (len(shown) - 1)

    def narrowed(floor: int) -> list[int]:
        """The widest columns give way until the table fits or all are at their least."""
        widths = list(natural)
        while width is not None and total(widths) > width:
            able = [place for place in shown if widths[place] > max(least[place], floor)]
            if not able:
                break
            widths[max(able, key=lambda place: widths[place])] -= 1
        return widths

    widths = narrowed(_COMFORTABLE)
    while width is not None and total(widths) > width and any(columns[place].spare for place in shown):
        shown.remove(max(shown, key=lambda place: columns[place].spare))
        widths = narrowed(_COMFORTABLE)
    widths = narrowed(0)
    return Fitted(tuple(shown), tuple(widths[place] for place in shown))


def filled(text: str, width: int | None) -> list[str]:
    """A text's lines, broken at blanks only; at least one. A blank that must not be broken at is no blank."""
    if width is None:
        return [text]
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and cells(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def cells(text: str) -> int:
    """How many places of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _padded(text: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - cells(text))
    return blanks + text if right else text + blanks
