"""The table of commands that find everything done."""

from __future__ import annotations

from figures import numbers, rows

from benchmarks.again import COMMANDS, again
from benchmarks.workload import Pairs


def test_a_line_for_each_build_and_a_figure_for_each_command() -> None:
    header, *lines = rows(again([Pairs(4, 3)]))
    assert header == ["build", "edits", "first `search`", *(f"`{name}`" for name in COMMANDS), "page, MB"]
    assert [line[:2] for line in lines] == [["this", "16"]]
    assert all(0 < figure < 300 for figure in numbers(lines[0][2:]))
