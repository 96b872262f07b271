from __future__ import annotations

import dataclasses
import io

from PIL import Image
from rich.console import Console

from diffex_cli.report.data import ReportData
from diffex_cli.report.terminal import Blocks, can_show_pictures, show


def shown(data: ReportData, pictures: bool = False, color: bool = False) -> str:
    console = Console(
        file=io.StringIO(),
        width=130,
        force_terminal=color,
        color_system="truecolor" if color else None,
        legacy_windows=False,
    )
    show(data, console, pictures)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def line(text: str, start: str) -> str:
    return next(one for one in text.splitlines() if one.strip().startswith(start))


def test_words_come_before_the_table_of_all_attributes(judged_data: ReportData) -> None:
    text = shown(judged_data)
    assert text.startswith("What raises ‘cardinal’ most is snow background. What lowers ‘cardinal’ most is no crest.")
    assert text.index("too few to say whether these matter") < text.index("lowers │ raises")
    assert "• Of 8 attributes, 2 were shown to matter" in text
    assert "• snow background raises ‘cardinal’ most. Its effect is +2.31 logits" in text
    assert all(row.name.split()[0] in text for row in judged_data.rows)
    assert "The noise floor reaches δ" in text
    assert "kept" not in text


def test_bars_go_to_the_side_of_the_effect(judged_data: ReportData) -> None:
    text = shown(judged_data)
    assert "│██" in line(text, "snow background   ")
    assert "█│" in line(text, "no crest")
    assert line(text, "snow background   ").rstrip().endswith("matters")
    assert "+2.21 to +2.41" in line(text, "snow background   ")
    assert line(text, "hat").rstrip().endswith("placebo")


def test_names_are_never_read_as_markup(report_data: ReportData) -> None:
    rows = (dataclasses.replace(report_data.rows[0], name="[bold red]x[/]"), *report_data.rows[1:])
    assert "[bold red]x[/]" in shown(dataclasses.replace(report_data, rows=rows))


def test_pictures_are_half_blocks_in_colour(report_data: ReportData) -> None:
    assert "▀" not in shown(report_data)
    text = shown(report_data, pictures=True, color=True)
    assert "▀" in text
    assert "original 0.25" in text
    assert "edited 0.75" in text
    image = Image.new("RGB", (2, 2), (255, 0, 0))
    image.paste((0, 0, 255), (0, 1, 2, 2))
    segments = [one for one in Blocks(image, 2).__rich_console__(None, None) if one.text == "▀"]
    assert len(segments) == 2
    style = segments[0].style
    assert style is not None
    assert (style.color and style.color.name, style.bgcolor and style.bgcolor.name) == ("#ff0000", "#0000ff")


def test_a_pipe_gets_no_pictures() -> None:
    assert not can_show_pictures(Console(file=io.StringIO()))
    assert can_show_pictures(Console(file=io.StringIO(), force_terminal=True, color_system="truecolor"))


def test_nothing_at_all_is_shown_too(report_data: ReportData) -> None:
    assert "Nothing could be measured for ‘cardinal’." in shown(
        dataclasses.replace(report_data, rows=(), pairs={}, levels=())
    )
