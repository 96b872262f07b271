"""The tables of `make bench`: they hold measured figures and go where they belong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diffex_cli.bench.__main__ import open_editor, quality_table, truth_table, write_between_markers
from diffex_cli.bench.grid import edit_grid
from diffex_cli.birds import samples
from diffex_cli.birds.renderer import SIZE


def test_the_perfect_editor_scores_perfectly() -> None:
    table = quality_table("render:birds", images=2)
    found = re.search(r"\*\*mean over values\*\* \| \*\*(\S+)\*\* \| \*\*(\S+)\*\*", table)
    assert found, table
    assert float(found[1]) == 1.0
    assert float(found[2]) >= 0.99, "the probe itself misreads an attribute now and then"


def test_the_perfect_editor_finds_the_planted_shortcut() -> None:
    rows = [line.split(" | ") for line in truth_table(["render:birds"], images=8).splitlines() if "render" in line]
    found = {cells[1]: cells for cells in rows}
    assert found["`birds:shortcut`"][6].startswith("background/")
    assert found["`birds:null`"][8] == "0", "nothing may be kept for an untrained classifier"


def test_the_grid_shows_every_value_once() -> None:
    sheet = edit_grid(open_editor("render:birds"), next(iter(samples.records())))
    assert sheet.width == 8 * (SIZE + 4)
    assert sheet.height == 6 * (SIZE + 20)


def test_a_table_replaces_only_what_is_between_its_markers(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("before\n<!-- truth -->\nold\n<!-- /truth -->\nafter\n", encoding="utf-8")
    write_between_markers(document, "truth", "| new |")
    assert document.read_text(encoding="utf-8") == "before\n<!-- truth -->\n| new |\n<!-- /truth -->\nafter\n"
    with pytest.raises(ValueError, match="no <!-- quality -->"):
        write_between_markers(document, "quality", "")
