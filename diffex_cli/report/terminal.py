"""The report on a terminal: words, a table with bars, and small pictures made of coloured half blocks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from PIL import Image
from rich.console import Console, Group, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from diffex_cli.core.columns import Column, filled, fit
from diffex_cli.core.printable import printable
from diffex_cli.report import choose, facts, listing, sentences
from diffex_cli.report.bars import Axis
from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.facts import ranked
from diffex_cli.report.numbers import finite, probability, signed
from diffex_cli.report.pictures import Gallery
from diffex_cli.report.tree import Tree, hierarchy
from diffex_cli.report.words import plain

_HALF, _WIDE = 12, 100
"""Half of a bar's axis, in characters, on a terminal of so many at least; on a narrower one, half of that."""
_SIDE = 20
"""A picture's width in characters, and twice its height in lines."""
_PICTURES = 4
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_NBSP = "\N{NO-BREAK SPACE}"


def show(data: ReportData, console: Console, *, pictures: bool = False, everything: bool = False) -> None:
    """Print the report: the answer, the strongest attributes, and what the answer rests on.

    Args:
        console: where to; the table fits its width.
        pictures: also pictures of the leading attributes, for a terminal with colours.
        everything: list every attribute.
    """

    def say(text: str, style: str = "") -> None:
        for line in filled(printable(text), console.width):
            console.print(Text(line, style=style), soft_wrap=True)

    say(plain(sentences.headline(data)), "bold")
    for finding in sentences.findings(data):
        say(f"• {plain(finding)}")
    rows = ranked(data.rows)
    some = listing.listed(rows, everything=everything)
    if some:
        console.print()
        say(listing.title(data))
        console.print()
        _print_table(some, data, console)
    more = sentences.more_sentence(rows, len(some))
    if more:
        say(more)
    console.print()
    for sentence in _words(data):
        say(f"• {sentence}")
    if pictures:
        for picture in _pictures(data, hierarchy(data)):
            console.print(picture)


def can_show_pictures(console: Console) -> bool:
    """Whether the terminal has the colours for pictures."""
    return console.is_terminal and console.color_system in ("truecolor", "256")


def _words(data: ReportData) -> Iterator[str]:
    joint, detectable = sentences.joint_sentence(data), sentences.detectable_sentence(data)
    texts = (joint, sentences.could_matter(data), *sentences.small(data), *sentences.not_tested(data))
    yield from (plain(text) for text in texts if text is not None)
    yield sentences.counts_sentence(data)
    placebo = sentences.placebo_sentence(data)
    yield sentences.floor_sentence(data) + (f" {plain(placebo)}" if placebo else "")
    if detectable:
        yield detectable
    yield from (*data.warnings, *sentences.cautions(data))


def _print_table(rows: Sequence[Row], data: ReportData, console: Console) -> None:
    floor = facts.noise_floor(data)
    axis = Axis.over(data.rows, data.delta, floor.value if floor else None)
    half = _HALF if console.width >= _WIDE else _HALF // 2
    columns = listing.columns(data, Column("lowers │ raises", spare=3))
    cells = [[printable(cell) for cell in listing.cells(row, data, _bar(row.effect, axis, half))] for row in rows]
    fitted = fit(columns, cells, console.width)
    head = fitted.line([column.name for column in columns], columns)
    console.print(Text("\n".join([*head, "─" * fitted.width])), soft_wrap=True)
    for row, texts in zip(rows, cells, strict=True):
        dim = "dim" if facts.below_floor(row, floor) else ""
        for line in fitted.line(texts, columns):
            text = Text(line.replace(_NBSP, " "), style=dim)
            text.highlight_regex(f"[{_EIGHTHS.strip()}▐]+", dim or ("green" if row.effect >= 0 else "dark_orange"))
            console.print(text, soft_wrap=True)


def _bar(effect: float, axis: Axis, half: int) -> str:
    """A bar left or right of the axis; the sign stands beside it in words and figures, so that colour adds nothing."""
    nothing = _NBSP * half
    if not finite(effect) or axis.span == 0:
        return f"{nothing}│{nothing}"
    eighths = min(half * 8, math.ceil(abs(effect) / axis.span * half * 8 - 0.5))
    whole, rest = divmod(eighths, 8)
    if effect >= 0:
        bar = "█" * whole + (_EIGHTHS[rest] if rest else "")
        return f"{nothing}│{bar.ljust(half, _NBSP)}"
    # there are no blocks that fill from the right: a half is as close as it gets
    bar = ("▐" if rest >= 4 else "") + "█" * whole
    return f"{bar.rjust(half, _NBSP)}│{nothing}"


def _pictures(data: ReportData, tree: Tree) -> Iterator[RenderableType]:
    gallery = Gallery()
    for shown in choose.strip(data, tree, gallery)[:_PICTURES]:
        before, after = gallery.picture(shown.pair.original.file), gallery.picture(shown.pair.edited.file)
        assert before is not None
        assert after is not None
        grid = Table.grid(padding=(0, 2))
        original, edited = probability(shown.pair.original.probability), probability(shown.pair.edited.probability)
        name = Text(f"{printable(shown.row.name)} {signed(shown.row.effect)}", style="bold")
        grid.add_row(Text(f"original {original}"), Text(f"edited {edited}"))
        grid.add_row(Blocks(before.image), Blocks(after.image))
        yield Group(Text(), name, grid)


class Blocks:
    """A picture as coloured half blocks, two pixels a character.

    Args:
        image: RGB.
        width: in characters.
    """

    def __init__(self, image: Image.Image, width: int = _SIDE) -> None:
        lines = max(1, round(width * image.height / image.width / 2))
        self._image = image.convert("RGB").resize((width, 2 * lines), Image.Resampling.LANCZOS)

    def __rich_console__(self, console: object, options: object) -> Iterator[Segment]:
        """Line by line, the upper pixel as foreground and the lower one as background."""
        pixels = self._image.load()
        assert pixels is not None
        for y in range(0, self._image.height, 2):
            for x in range(self._image.width):
                upper, lower = (_color(pixels[x, y + below]) for below in (0, 1))
                yield Segment("▀", Style(color=upper, bgcolor=lower))
            yield Segment.line()

    def __rich_measure__(self, console: object, options: object) -> object:
        """As wide as the picture, neither more nor less."""
        from rich.measure import Measurement

        return Measurement(self._image.width, self._image.width)


def _color(pixel: object) -> str:
    assert isinstance(pixel, tuple)
    red, green, blue = pixel
    return f"#{red:02x}{green:02x}{blue:02x}"
