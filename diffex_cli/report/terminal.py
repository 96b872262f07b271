"""The report on a terminal: words, a table with bars, and small pictures made of coloured half blocks."""

from __future__ import annotations

import math
from collections.abc import Iterator

from PIL import Image
from rich import box
from rich.console import Console, Group, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from diffex_cli.report import choose, facts, sentences
from diffex_cli.report.bars import Axis
from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.facts import standing
from diffex_cli.report.numbers import finite, interval, probability, signed
from diffex_cli.report.pictures import Gallery
from diffex_cli.report.tree import Branch, Tree, hierarchy
from diffex_cli.report.words import plain

_BAR = 12
"""Half of a bar's axis, in characters."""
_SIDE = 20
"""A picture's width in characters, and twice its height in lines."""
_PICTURES = 4
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def show(data: ReportData, console: Console, pictures: bool) -> None:
    """Print the report.

    Args:
        data: what it shows.
        console: where to.
        pictures: also pictures of the leading attributes, for a terminal with colours.
    """
    console.print(Text(plain(sentences.headline(data)), style="bold"))
    for sentence in _words(data):
        console.print(Text(f"• {sentence}"))
    tree = hierarchy(data)
    console.print(_table(data, tree))
    if pictures:
        for picture in _pictures(data, tree):
            console.print(picture)


def can_show_pictures(console: Console) -> bool:
    """Whether the terminal has the colours for pictures."""
    return console.is_terminal and console.color_system in ("truecolor", "256")


def _words(data: ReportData) -> Iterator[str]:
    joint, detectable = sentences.joint_sentence(data), sentences.detectable_sentence(data)
    texts = (*sentences.findings(data), joint, sentences.could_matter(data), *sentences.small(data))
    yield from (plain(text) for text in texts if text is not None)
    yield sentences.counts_sentence(data)
    placebo = sentences.placebo_sentence(data)
    yield sentences.floor_sentence(data) + (f" {plain(placebo)}" if placebo else "")
    if detectable:
        yield detectable
    yield from (*data.warnings, *sentences.cautions(data))


def _table(data: ReportData, tree: Tree) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("attribute", overflow="fold")
    table.add_column("lowers │ raises", justify="center", no_wrap=True, min_width=2 * _BAR + 1)
    table.add_column("effect", justify="right", no_wrap=True)
    table.add_column("95 % interval", justify="right")
    table.add_column("n", justify="right")
    table.add_column("evidence")
    floor = facts.noise_floor(data)
    axis = Axis.over(data.rows, data.delta, floor.value if floor else None)
    for depth, name, row in _lines(tree.roots, 0):
        table.add_row(Text("  " * depth + name), *_cells(row, axis, facts.below_floor(row, floor) if row else False))
    for row in facts.sets(data.rows):
        table.add_row(Text(row.name), *_cells(row, axis, facts.below_floor(row, floor)))
    return table


def _lines(branches: tuple[Branch, ...], depth: int) -> Iterator[tuple[int, str, Row | None]]:
    for branch in branches:
        yield depth, branch.name, branch.row
        yield from _lines(branch.children, depth + 1)


def _cells(row: Row | None, axis: Axis, below: bool) -> tuple[Text, ...]:
    if row is None:
        return tuple(map(Text, ("", "", "", "", "not scored itself")))
    dim = "dim" if below else ""
    return (
        _bar(row.effect, axis, dim),
        Text(signed(row.effect), style=dim),
        Text(interval(row.low, row.high), style=dim),
        Text(str(row.n), style=dim),
        Text(standing(row), style=dim),
    )


def _bar(effect: float, axis: Axis, style: str) -> Text:
    """A bar left or right of the axis; the sign stands beside it in words and figures, so that colour adds nothing."""
    if not finite(effect) or axis.span == 0:
        return Text(" " * _BAR + "│" + " " * _BAR)
    eighths = min(_BAR * 8, math.ceil(abs(effect) / axis.span * _BAR * 8 - 0.5))
    whole, rest = divmod(eighths, 8)
    if effect >= 0:
        bar = "█" * whole + (_EIGHTHS[rest] if rest else "")
        return Text(" " * _BAR + "│" + bar.ljust(_BAR), style=style or "green")
    # there are no blocks that fill from the right: a half is as close as it gets
    bar = ("▐" if rest >= 4 else "") + "█" * whole
    return Text(bar.rjust(_BAR) + "│" + " " * _BAR, style=style or "dark_orange")


def _pictures(data: ReportData, tree: Tree) -> Iterator[RenderableType]:
    gallery = Gallery()
    for shown in choose.strip(data, tree, gallery)[:_PICTURES]:
        before, after = gallery.picture(shown.pair.original.file), gallery.picture(shown.pair.edited.file)
        assert before is not None
        assert after is not None
        grid = Table.grid(padding=(0, 2))
        original, edited = probability(shown.pair.original.probability), probability(shown.pair.edited.probability)
        name = Text(f"{shown.row.name} {signed(shown.row.effect)}", style="bold")
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
