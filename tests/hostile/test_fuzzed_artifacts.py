"""One value, type, key, row or column of one file of a run is wrong: every reader and command works or says so in a
sentence."""

from __future__ import annotations

import contextlib
import copy
import datetime
import functools
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pipeline import SILENT, make_corpus
from typer.testing import CliRunner

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.commands.main import app
from diffex_cli.core.errors import DiffexError, IncompleteError
from diffex_cli.search import search

DOCUMENTS = ("run.yaml", "search.yaml")
TABLES = (
    "images.parquet",
    "requests.parquet",
    "ranking.parquet",
    "ranking-all.parquet",
    "measured.parquet",
    "edits",
    "scores",
)

BOUNDED = functools.partial(
    settings,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],  # a failure is small already
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

VALUES: list[Any] = [
    *(
        None,
        [],
        {},
        [[]],
        {"a": 1},
        "",
        "x",
        "nan",
        "../x",
        True,
        False,
        0,
        -1,
        1.5,
        math.nan,
        math.inf,
        -math.inf,
        1e308,
    ),
    *(2**31, 2**63, -(2**63), 10**40, "9" * 5000, datetime.date(2024, 2, 30 - 1), "\x1b[31m", "\u202e", ["x"], [None]),
]
TYPES = [
    *(pa.string(), pa.large_string(), pa.binary(), pa.int8(), pa.int64(), pa.float16(), pa.float64(), pa.bool_()),
    *(pa.list_(pa.float64()), pa.struct([("a", pa.int32())]), pa.dictionary(pa.int32(), pa.string()), pa.null()),
    *(pa.date32(), pa.timestamp("us"), pa.decimal128(10, 2), pa.large_binary(), pa.uint64()),
]
CELLS: list[Any] = [
    *("", "x", "../x", "/etc/hostname", "a\\b", "a\0b", "failed", "ok", "kept", "edit", "\x1b]0;", "é" * 300, "."),
    *(math.nan, math.inf, -math.inf, -1.0, 1e308, -1e308, 2.0, 0, -1, 1, 2**31 - 1, -(2**31), 2**63 - 1, True, False),
    *([], [math.nan], [1.0] * 9, [1.0] * 3, [math.inf] * 3, None),
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with every file that there is: two images would do, but intervals want more."""
    made = make_corpus(tmp_path_factory.mktemp("fuzzed"), target="all", max_depth=1, beam=1)
    with pytest.raises(IncompleteError):
        search.run(made, SILENT, fill=False)
    search.run(made, SILENT)
    return made.run


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values in a document."""
    for key, value in content.items() if isinstance(content, dict) else enumerate(content):
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


def spoil_document(file: Path, data: st.DataObject) -> None:
    content = copy.deepcopy(yaml.safe_load(file.read_text()))
    path = data.draw(st.sampled_from(sorted(places(content), key=str)))
    parent = content
    for step in path[:-1]:
        parent = parent[step]
    how = data.draw(st.sampled_from(["replace", "drop", "rename", "wrap", "twice"]))
    if how == "replace":
        parent[path[-1]] = data.draw(st.sampled_from(VALUES))
    elif how == "wrap":
        parent[path[-1]] = data.draw(st.sampled_from([[parent[path[-1]]], {"x": parent[path[-1]]}]))
    elif how == "twice" and isinstance(parent, list):
        parent.append(parent[path[-1]])
    else:
        value = parent.pop(path[-1])
        if how == "rename" and isinstance(parent, dict):
            parent[data.draw(st.sampled_from(["x", 1, None, ""]))] = value
    file.write_text(yaml.safe_dump(content))


def spoil_table(file: Path, data: st.DataObject) -> None:
    table = pq.read_table(file)
    name = data.draw(st.sampled_from(table.schema.names))
    place = table.schema.get_field_index(name)
    how = data.draw(st.sampled_from(["cell", "cell", "cell", "type", "drop", "null", "row", "none", "column", "about"]))
    if how == "cell" and table.num_rows:
        cells, row = table[name].to_pylist(), data.draw(st.integers(0, table.num_rows - 1))
        cells[row] = data.draw(st.sampled_from([value for value in CELLS if fits(value, table[name].type)]))
        table = table.set_column(place, name, pa.array(cells, table[name].type))
    elif how in ("type", "null"):
        kind = pa.null() if how == "null" else data.draw(st.sampled_from(TYPES))
        table = table.set_column(place, name, converted(table[name], kind))
    elif how == "drop":
        table = table.drop_columns([name])
    elif how == "row" and table.num_rows:
        table = table.take([*range(table.num_rows), data.draw(st.integers(0, table.num_rows - 1))])
    elif how == "none":
        table = table.slice(0, 0)
    elif how == "column":
        table = table.append_column(name, table[name])
    elif how == "about":
        about = dict(table.schema.metadata)
        key = data.draw(st.sampled_from(sorted(about)))
        new = data.draw(
            st.sampled_from([b"", b"diffex.edits/99", b"[1]", b'["a", "a"]', b"{}", b"\xff", b"[" * 9999, None])
        )
        about = {**about, key: new} if new is not None else {one: about[one] for one in about if one != key}
        table = table.replace_schema_metadata(about)
    pq.write_table(table, file)


def fits(value: Any, kind: pa.DataType) -> bool:
    try:
        return pa.types.is_nested(kind) == isinstance(value, list) and bool(pa.array([value], kind))
    except (pa.ArrowException, OverflowError, TypeError):
        return False


def converted(column: Any, kind: pa.DataType) -> Any:
    """As another type, or where that cannot be, some values of it."""
    try:
        return column.cast(kind)
    except pa.ArrowException:
        return pa.nulls(len(column), kind)


@pytest.fixture
def spoilt(finished: Path) -> Any:
    """Spoils a file; the next call, and the end, mend it."""
    kept: dict[Path, bytes] = {}

    def mend() -> None:
        for file, content in kept.items():
            file.write_bytes(content)

    def spoil(name: str, data: st.DataObject) -> Path:
        mend()
        file = finished / name
        if file.is_dir():
            (file,) = file.glob("*.parquet")
        kept[file] = file.read_bytes()
        (spoil_document if name in DOCUMENTS else spoil_table)(file, data)
        return finished

    yield spoil
    mend()


def read_all(path: Path, name: str) -> None:
    """Everything that there is in a run, each in its own right."""
    run = RunDirectory(path)
    reads = [run.recorded, run.images, run.requests, run.search, run.ranking, run.ranking_of_all]
    reads += [run.edits] if name == "edits" else []  # it opens every picture
    found = {read.__name__: said(read) for read in reads}
    for request in found["requests"] or ():
        with contextlib.suppress(ValueError):
            request.parsed_candidate()
    if found["search"]:
        rows = said(lambda: run.scores(found["search"].classifier.fingerprint)) or {}
        assert all(np.isfinite(row.values).all() for row in rows.values())
    run.edit_parts.merge({})
    run.score_parts.merge({})


def said(read: Callable[[], Any]) -> Any:
    """What was read; ``None`` if it was refused, in a sentence."""
    try:
        return read()
    except DiffexError as error:
        text = str(error)
    assert "\n" not in text
    assert "run" in text
    return None


@pytest.mark.parametrize("name", [*DOCUMENTS, *TABLES])
@given(data=st.data())
@BOUNDED(max_examples=6)
def test_every_reader_reads_or_refuses(spoilt: Any, name: str, data: st.DataObject) -> None:
    read_all(spoilt(name, data), name)


@pytest.mark.parametrize("name", [*DOCUMENTS, "images.parquet", "ranking.parquet", "edits", "scores"])
@given(data=st.data())
@BOUNDED(max_examples=2)
def test_every_command_works_or_says_why_not(spoilt: Any, name: str, data: st.DataObject) -> None:
    run = str(spoilt(name, data))
    for words in (["report", run, "--terminal", "-q"], ["check", run, "--max", "surface=9", "--allow-undecided", "-q"]):
        result = CliRunner().invoke(app, words)
        assert result.exit_code in (0, 2, 3, 4), result.output
        assert "unexpected" not in result.output, result.output
        assert "Traceback" not in result.output, result.output
        if result.exit_code:
            assert result.stderr.strip().splitlines()[-1].startswith("Error: "), result.stderr
