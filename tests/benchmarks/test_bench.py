"""`make bench` as a command: its parts, their markers, the tables of the embedded domain."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks.__main__ import PAGES, main
from benchmarks.embedded import WORST, leak_table, open_editor, quality_table, truth_table
from benchmarks.grid import edit_grid
from benchmarks.machine import environment
from benchmarks.markdown import table, write_between_markers
from diffex_cli.birds import samples
from diffex_cli.birds.attributes import ATTRIBUTES
from diffex_cli.birds.quality import Quality, ValueQuality
from diffex_cli.birds.renderer import SIZE

DOCS = Path(__file__).parents[2] / "docs"


def test_the_perfect_editor_scores_perfectly() -> None:
    text = quality_table("render:birds", dict(list(samples.records().items())[:2]))
    found = re.search(r"\*\*mean over values\*\* \| \*\*(\S+)\*\* \| \*\*(\S+)\*\*", text)
    assert found, text
    assert float(found[1]) == 1.0
    assert float(found[2]) >= 0.99, "the probe itself misreads an attribute now and then"


def test_the_worst_leaks_are_shown_and_the_others_counted() -> None:
    leaked = {name: 0.03 * (k + 1) for k, name in enumerate(ATTRIBUTES) if name != "head"}
    quality = Quality((ValueQuality("head", "white", 1.0, leaked, n=40),), kept=1.0, probe=1.0)
    lines = leak_table(quality).splitlines()
    assert lines[0] == "The worst of 11 leaks:"
    assert lines[4] == "| white head | `background` | 0.36 | 40 |"
    assert len(lines) == 4 + WORST
    assert leak_table(Quality((), kept=1.0, probe=1.0)) == "No edit changed another attribute."


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


def test_a_table_has_as_many_cells_in_every_row() -> None:
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    with pytest.raises(ValueError, match="2 cells"):
        table(("a", "b"), [("1", "2", "3")])


def test_every_part_has_its_markers_in_its_page() -> None:
    for part, page in PAGES.items():
        text = (DOCS / page).read_text(encoding="utf-8")
        assert text.count(f"<!-- {part} -->") == text.count(f"<!-- /{part} -->") == 1, part


def test_one_part_renews_only_its_own_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "birds.md").write_text(
        "<!-- quality -->\n<!-- /quality -->\n<!-- truth -->\nkept\n<!-- /truth -->\n", encoding="utf-8"
    )
    main(["--only", "quality", "--docs", str(tmp_path), "--editors", "render:birds", "--images", "1"])
    text = (tmp_path / "birds.md").read_text(encoding="utf-8")
    assert "**mean over values**" in text
    assert "kept" in text
    out, err = capsys.readouterr()
    assert "| attribute |" in out
    assert "quality" in err, "progress is for stderr"


def test_unseen_birds_are_measured_if_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[object] = []
    monkeypatch.setattr(bench, "quality_table", lambda spec, birds: measured.append(birds) or "")
    main(["--only", "quality", "--images", "2", "--unseen", "x"])
    main(["--only", "quality", "--images", "2"])
    assert measured == [samples.unseen("x", 2), dict(list(samples.records().items())[:2])]


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "qualtiy"])
    assert "invalid choice: 'qualtiy'" in capsys.readouterr().err


def test_the_machine_is_named_in_one_line() -> None:
    line = environment()
    assert re.search(r"\d+ cores, \d+ threads; Python \d.*torch \d.*diffusers \d.*\d{4}-\d\d-\d\d", line), line
    assert "\n" not in line
