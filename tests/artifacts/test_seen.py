from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.artifacts import seen
from diffex_cli.artifacts.run import RunDirectory

ASKED = {"head": "1", "tail": "2"}


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path)


def write(run: RunDirectory, verifier: str = "v", asked: dict[str, str] = ASKED, **rows: tuple[float, ...]) -> None:
    writer = run.seen_writer(verifier, asked, {"stage": "verify"})
    values = np.array(list(rows.values()), np.float32)
    writer.append(list(rows), list(asked), values, [None] * len(rows))
    writer.flush()


def foreign(run: RunDirectory, kind: pa.DataType, *rows: tuple[str, float | None]) -> None:
    columns: dict[str, list[Any]] = {
        "subject": [subject for subject, _ in rows],
        "attribute": ["head"] * len(rows),
        "verifier": ["v"] * len(rows),
    }
    texts = {name: pa.array(values, pa.string()).cast(kind) for name, values in columns.items()}
    table = pa.table({**texts, "probability": pa.array([value for _, value in rows], pa.float64())})
    (run.path / "seen").mkdir(exist_ok=True)
    about = {"diffex.schema": "diffex.seen/1"}
    pq.write_table(table.replace_schema_metadata(about), run.path / "seen" / "theirs.parquet")


def test_what_is_written_is_read(run: RunDirectory) -> None:
    write(run, a=(0.25, 1.0), b=(0.0, 0.5))
    write(run, verifier="another", a=(0.75, 0.75))
    assert run.seen("v", ASKED.get) == {"a": {"head": 0.25, "tail": 1.0}, "b": {"head": 0.0, "tail": 0.5}}
    assert run.seen("another", ASKED.get) == {"a": {"head": 0.75, "tail": 0.75}}
    assert run.seen("nobody", ASKED.get) == {}


def test_the_last_row_counts_before_and_after_a_merge(run: RunDirectory) -> None:
    write(run, a=(0.25, 1.0), b=(0.0, 0.5))
    write(run, a=(0.5, math.nan))
    before = run.seen("v", ASKED.get)
    assert before["a"]["head"] == 0.5
    assert math.isnan(before["a"]["tail"])
    run.seen_parts.merge({})
    assert len(run.seen_parts) == 1
    assert repr(run.seen("v", ASKED.get)) == repr(before)


def test_what_was_asked_in_other_words_is_not_there(run: RunDirectory) -> None:
    write(run, a=(0.25, 1.0))
    assert run.seen("v", {"head": "1", "tail": "changed"}.get) == {"a": {"head": 0.25}}
    assert run.seen("v", {"head": "1"}.get) == {"a": {"head": 0.25}}
    write(run, asked={"tail": "changed"}, a=(0.125,))
    assert run.seen("v", {"head": "1", "tail": "changed"}.get) == {"a": {"head": 0.25, "tail": 0.125}}
    assert run.seen("v", ASKED.get) == {"a": {"head": 0.25}}


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int32(), pa.large_string()),
    ],
    ids=str,
)
def test_another_program_writes_texts_as_it_likes(run: RunDirectory, kind: pa.DataType) -> None:
    foreign(run, kind, ("a", 0.5), ("b", None))
    found = run.seen("v", ASKED.get)
    assert found["a"] == {"head": 0.5}
    assert math.isnan(found["b"]["head"])
    assert run.warnings == ()


def test_a_torn_part_is_left_out_with_a_warning(run: RunDirectory) -> None:
    write(run, a=(0.25, 1.0))
    (part,) = (run.path / "seen").iterdir()
    part.write_bytes(part.read_bytes()[:99])
    assert run.seen("v", ASKED.get) == {}
    assert str(part) in run.warnings[0]


_ROW = st.tuples(st.sampled_from("ab"), st.sampled_from(["head", "tail", "gone"]), st.integers(0, 8), st.booleans())


@given(rows=st.lists(_ROW, max_size=12))
def test_the_last_row_of_each_counts_if_it_is_of_this_question(rows: list[tuple[str, str, int, bool]]) -> None:
    expected: dict[str, dict[str, float]] = {}
    tables = [seen.SEEN.columns.empty_table()]
    for subject, attribute, eighths, current in rows:
        asked = {attribute: ASKED.get(attribute, "") if current else "old"}
        tables.append(seen.table_of([subject], [attribute], "v", np.array([[eighths / 8]], np.float32), asked, [None]))
        expected.setdefault(subject, {}).pop(attribute, None)
        if current and attribute in ASKED:
            expected[subject][attribute] = eighths / 8
    found = seen.latest(pa.concat_tables(tables), "v", ASKED.get)
    assert found == {subject: one for subject, one in expected.items() if one}
