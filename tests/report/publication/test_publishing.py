from pathlib import Path

import pytest
from pipeline import SILENT, make_corpus

from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.report.publication import figures
from diffex_cli.search import search


def test_figures_and_tables_of_a_finished_run(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, joint=2)
    ranking = search.run(made, SILENT).ranking
    before = {file: file.read_bytes() for file in made.run.rglob("*") if file.is_file()}
    files = figures.draw_figures(made.run, tmp_path / "figures")
    assert {"hierarchy.png", "top.svg", "forest.svg", "captions.md"} <= {file.name for file in files}
    assert all(file.stat().st_size for file in files)
    table = figures.table([made.run, made.run], "csv", top=2)
    assert len(table.splitlines()) in (2, 3)
    assert ranking[0].name in figures.table([made.run], "markdown", top=99)
    assert figures.draw_top([made.run, made.run], tmp_path / "top")[0].name == "top.png"
    assert {file: file.read_bytes() for file in made.run.rglob("*") if file.is_file()} == before


def test_runs_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no run directory"):
        figures.draw_figures(tmp_path / "nowhere", tmp_path)
    with pytest.raises(IncompleteError, match="run `diffex search` first"):
        figures.table([make_corpus(tmp_path).run], "csv")
