"""Texts that a spreadsheet would compute are guarded in every CSV file, and read back as they were."""

from __future__ import annotations

import ast
import csv
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from synthetic_runs import deltas, make_run
from typer.testing import CliRunner

import diffex_cli
from diffex_cli.commands.main import app
from diffex_cli.core.csv_text import csv_text, guarded, unguarded
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Corpus, Node
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.base import EditRequest
from diffex_cli.editors.folder import FolderEditor
from diffex_cli.study.tables import PaperTable, rendered

BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝")
texts = st.text() | st.builds(
    str.__add__, st.sampled_from(["", "'", "''"]), st.builds(str.__add__, st.sampled_from(BEGINNINGS), st.text())
)


@given(texts)
def test_no_text_begins_like_a_formula_and_all_are_read_back(text: str) -> None:
    cell = guarded(text)
    assert unguarded(cell) == text
    if cell.startswith(BEGINNINGS):
        float(cell.rstrip("% "))


@given(st.lists(st.lists(texts.filter(lambda text: "\x00" not in text), min_size=2, max_size=3), min_size=1))
def test_a_file_is_read_back(rows: list[list[str]]) -> None:
    read = csv.reader(io.StringIO(csv_text(rows), newline=""))
    assert [[unguarded(cell) for cell in row] for row in read] == rows


def test_numbers_stay_numbers() -> None:
    row = [-0.5, -3, "-0.25", "+12%", "-1e-9", float("nan"), None, True, "-1 (-2 to 0)"]
    assert csv_text([row]) == "-0.5,-3,-0.25,+12%,-1e-9,,,true,'-1 (-2 to 0)\n"


def test_there_is_one_writer() -> None:
    writers = [
        path.name
        for path in Path(diffex_cli.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in ("writer", "DictWriter", "to_csv", "write_csv")
        and isinstance(node.value, ast.Name)
        and (node.value.id == "csv" or node.attr.endswith("_csv"))
    ]
    assert writers == []


def test_a_run_of_formulas(tmp_path: Path) -> None:
    formula = '=HYPERLINK("https://example.org","red")'
    corpus = Corpus("birds", (Node("a", formula, "@prompt"), Node("b", "-1+2", "b"), Node("c", "plain", "c")))
    run = make_run(tmp_path / "run", {"a": deltas(-1.5, 0.1), "b": deltas(1, 0.1)}, corpus=corpus, kept=["a", "b"])
    told = CliRunner().invoke(app, ["report", str(run), "--table", "csv"])
    assert told.exit_code == 0, told.stderr
    cells = [cell for row in csv.reader(io.StringIO(told.stdout)) for cell in row]
    assert f"'{formula}" in cells
    assert "'-1+2" in cells
    assert any(cell.startswith("-1.5") for cell in cells)


def test_a_study_of_formulas() -> None:
    table = PaperTable("t", ("Rating", "=1+1"), (("@sum", "-0.5"), ("+x", "3.386 ± 0.2")))
    assert rendered(table, "csv") == "Rating,'=1+1\n'@sum,-0.5\n'+x,3.386 ± 0.2"


@pytest.mark.parametrize("name", ["m.csv", "m.parquet"])
def test_a_column_that_is_there_twice(tmp_path: Path, name: str) -> None:
    if name == "m.csv":
        (tmp_path / name).write_text("image,file,file\nx,a.png,b.png\n")
    else:
        columns = [pa.array(["x"])] * 3
        pq.write_table(pa.Table.from_arrays(columns, names=["image", "file", "file"]), tmp_path / name)
    editor = FolderEditor(parse_spec(f"folder:{tmp_path}:manifest={name}"))
    with pytest.raises(UsageError, match=r"m\.(csv|parquet) cannot be read: it has several columns 'file': keep one"):
        list(editor.edit({"0" * 64: Image.new("RGB", (4, 4))}, [EditRequest("k", "0" * 64, RECONSTRUCTION)], 0))
