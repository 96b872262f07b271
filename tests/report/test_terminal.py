from __future__ import annotations

import dataclasses
import io
import re

import pytest
from PIL import Image
from rich.console import Console

from diffex_cli.report.data import ReportData
from diffex_cli.report.terminal import Blocks, can_show_pictures, show

BARS = " ▏▎▍▌▋▊▉█▐│─"


def shown(data: ReportData, width: int = 130, *, pictures: bool = False, everything: bool = False) -> str:
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=pictures,
        color_system="truecolor" if pictures else None,
        legacy_windows=False,
    )
    show(data, console, pictures=pictures, everything=everything)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def line(text: str, start: str) -> str:
    return next(one for one in text.splitlines() if one.strip(" 0123456789").startswith(start))


def test_the_answer_comes_first_and_what_it_rests_on_last(judged_data: ReportData) -> None:
    text = shown(judged_data)
    assert text.startswith("What raises ‘cardinal’ most is snow background. What lowers ‘cardinal’ most is no crest.")
    places = ["• snow background raises ‘cardinal’ most. Its effect is +2.31 logits", "lowers │ raises"]
    places += [
        "too few to say whether these matter",
        "• Of 8 attributes, 2 were shown to matter",
        "The noise floor r",
    ]
    assert sorted(map(text.index, places)) == [text.index(place) for place in places]
    assert all(row.name.split()[0] in text for row in judged_data.rows)
    assert "kept" not in text


def test_ten_rows_are_shown_of_many_and_none_is_indented(judged_data: ReportData) -> None:
    row = judged_data.rows[0]
    many = [dataclasses.replace(row, rank=i, candidate=f"a/b/n{i}", name=f"name {i}") for i in range(1, 14)]
    data = dataclasses.replace(judged_data, rows=tuple(many), pairs={})
    text = shown(data)
    assert "name 10" in text
    assert not re.search(r"^ +\d+  name 11 ", text, re.MULTILINE)
    matter = sum(one.claim == "matters" for one in many[10:])
    of_them = f", {matter} of them shown to matter" if matter else ""
    assert f"\n3 more attributes{of_them}: --all shows all 13.\n" in text
    everything = shown(data, everything=True)
    assert re.findall(r"^ +\d+  name (\d+) ", everything, re.MULTILINE) == [str(i) for i in range(1, 14)]
    assert "--all" not in everything


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_word_is_broken_however_narrow_the_terminal(judged_data: ReportData, width: int) -> None:
    narrow, wide = shown(judged_data, width), shown(judged_data, 10_000)
    assert max(map(len, narrow.splitlines())) <= width
    assert {word for word in narrow.split() if not set(word) <= set(BARS)} <= set(wide.split())
    assert ("rank" in narrow.split()) == (width == 120)


def test_bars_go_to_the_side_of_the_effect(judged_data: ReportData) -> None:
    text = shown(judged_data)
    assert "│██" in line(text, "snow background   ")
    assert "█│" in line(text, "no crest")
    assert line(text, "snow background   ").split()[-2:] == ["matters", "+2.08"]  # held out
    assert "+2.21 to +2.41" in line(text, "snow background   ")
    assert line(text, "hat").split()[-2:] == ["placebo", "–"]


def test_names_are_never_read_as_markup(report_data: ReportData) -> None:
    rows = (dataclasses.replace(report_data.rows[0], name="[bold red]x[/]"), *report_data.rows[1:])
    assert "[bold red]x[/]" in shown(dataclasses.replace(report_data, rows=rows))


def test_pictures_are_half_blocks_in_colour(report_data: ReportData) -> None:
    assert "▀" not in shown(report_data)
    text = shown(report_data, pictures=True)
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
