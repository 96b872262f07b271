"""``scores/``: what was written is read, in both forms and mixed, whatever is not finite, torn or missing."""

from __future__ import annotations

import json
import math
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from long_scores import Cell, write_long

from diffex_cli.artifacts.rows import Scores
from diffex_cli.artifacts.score_parts import ScoreParts
from diffex_cli.artifacts.tables import read_provenance
from diffex_cli.artifacts.writers import ScoreWriter

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=6)
LABELS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=6).filter(str.strip)


@contextmanager
def parts_of() -> Iterator[tuple[ScoreParts, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores"
        path.mkdir()
        yield ScoreParts(path), path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scores").mkdir()
    return tmp_path / "scores"


def write(parts: ScoreParts, subjects: list[str], labels: list[str], logits: Any, classifier: str = "c") -> None:
    writer = ScoreWriter(parts, classifier, labels, {"stage": "score"})
    writer.append(subjects, ["edit"] * len(subjects), np.asarray(logits).reshape(len(subjects), len(labels)))
    writer.flush()


def plain(scores: Scores) -> dict[str, dict[str, float]]:
    """Subject → label → logit."""
    return {key: dict(zip(row.labels, row.logits.tolist(), strict=True)) for key, row in scores.items()}


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_what_was_written_is_read(data: st.DataObject) -> None:
    labels = data.draw(st.lists(LABELS, min_size=1, max_size=5, unique=True))
    subjects = data.draw(st.lists(TEXTS, min_size=1, max_size=5, unique=True))
    row = st.lists(FLOATS, min_size=len(labels), max_size=len(labels))
    logits = data.draw(st.lists(row, min_size=len(subjects), max_size=len(subjects)))
    with parts_of() as (parts, _):
        for subject, values in zip(subjects, logits, strict=True):
            write(parts, [subject], labels, values)
        for _ in range(2):
            scores = parts.read("c")
            assert list(plain(scores).items()) == [
                (subject, dict(zip(labels, values, strict=True)))
                for subject, values in zip(subjects, logits, strict=True)
            ]
            assert all(row.labels == tuple(labels) and row.values.dtype == np.float32 for row in scores.values())
            parts.merge({})
        assert len(parts) == 1


NUMBERS = st.one_of(FLOATS, st.sampled_from([math.nan, math.inf, None]))
CELLS = st.tuples(st.sampled_from("ab"), st.sampled_from("cd"), st.sampled_from("xyz"), NUMBERS)
WIDE = st.tuples(
    st.sampled_from("cd"), st.permutations("xyz"), st.integers(1, 3), st.lists(st.tuples(st.sampled_from("ab"),
    st.lists(NUMBERS, min_size=3, max_size=3)), min_size=1, max_size=3))  # fmt: skip


@settings(deadline=None, max_examples=50)
@given(st.lists(st.one_of(st.lists(CELLS, min_size=1, max_size=12), WIDE), max_size=6), st.permutations(range(6)))
def test_old_and_new_parts_mixed(written: list[Any], names: list[int]) -> None:
    with parts_of() as (parts, path):
        cells: dict[int, list[Cell]] = {}
        for name, part in zip(names, written, strict=False):
            file = path / f"{name}.parquet"
            if isinstance(part, list):
                write_long(file, part)
                cells[name] = part
                continue
            classifier, labels, n, rows = part[0], list(part[1])[: part[2]], part[2], part[3]
            before = set(path.iterdir())
            logits = [[math.nan if value is None else value for value in values[:n]] for _, values in rows]
            write(parts, [subject for subject, _ in rows], labels, logits, classifier)
            (made,) = set(path.iterdir()) - before
            made.rename(file)
            cells[name] = [
                (subject, classifier, label, value)
                for subject, values in rows
                for label, value in zip(labels, values, strict=False)
            ]
        table = {cell[:3]: cell[3] for name in sorted(cells) for cell in cells[name]}
        for _ in range(2):
            for classifier in "cd":
                check(parts.read(classifier), {key: value for key, value in table.items() if key[1] == classifier})
            assert parts.warnings == []
            parts.merge({})


def check(found: Scores, table: dict[tuple[str, str, str], float | None]) -> None:
    labels = {label for _, _, label in table}
    whole = {subject for subject, _, _ in table if sum(key[0] == subject for key in table) == len(labels)}
    finite = {
        subject
        for subject in whole
        if all(value is not None and math.isfinite(value) for key, value in table.items() if key[0] == subject)
    }
    assert set(found) == finite
    assert found.unusable == whole - finite
    for subject, row in plain(found).items():
        assert row == {label: table[key] for key in table if key[0] == subject for label in [key[2]]}


@pytest.mark.parametrize("form", ["long", "wide"])
def test_a_number_is_rounded_to_32_bits_and_computed_with_in_64(folder: Path, form: str) -> None:
    parts = ScoreParts(folder)
    if form == "long":
        write_long(folder / "0.parquet", [("a", "c", "x", 0.1), ("a", "c", "y", 1e300)])
        write_long(folder / "1.parquet", [("b", "c", "x", 0.1), ("b", "c", "y", 2.0)])
    else:
        write(parts, ["a", "b"], ["x", "y"], [[0.1, 1e300], [0.1, 2.0]])
    scores = parts.read("c")
    assert scores.unusable == {"a"}, "what float32 does not know is no finite score"
    assert scores["b"].logits.dtype == np.float64
    assert scores["b"].logit("x") == float(np.float32(0.1)) != 0.1


def test_a_picture_that_is_scored_again_may_be_of_use_again(folder: Path) -> None:
    parts = ScoreParts(folder)
    write(parts, ["a", "b"], ["x"], [math.nan, 1.0])
    write(parts, ["a", "b"], ["x"], [3.0, math.nan])
    for _ in range(2):
        scores = parts.read("c")
        assert (plain(scores), scores.unusable) == ({"a": {"x": 3.0}}, {"b"})
        parts.merge({})


def test_the_long_form_may_lack_what_may_be_empty(folder: Path) -> None:
    write_long(folder / "0.parquet", [("a", "c", "x", 1.0)], without=["probability", "output_kind"])
    parts = ScoreParts(folder)
    assert parts.read("c")["a"].output_kind == "softmax"
    write_long(folder / "1.parquet", [("b", "c", "x", 1.0)], without=["logit"])
    assert set(parts.read("c")) == {"a"}
    (warning,) = parts.warnings
    assert "1.parquet lacks the column 'logit' of diffex.scores/1" in warning


def foreign(path: Path, metadata: dict[str, str], logits: Any, subject: str | None = "b") -> None:
    table = pa.table(
        {
            "subject": pa.array([subject], pa.large_string()),
            "kind": ["edit"],
            "classifier": ["c"],
            "logits": pa.array([logits], pa.large_list(pa.float64())),
        }
    )
    pq.write_table(table.replace_schema_metadata({"diffex.schema": "diffex.scores/2", **metadata}), path)


def test_another_program_may_write_lists_of_other_types(folder: Path) -> None:
    foreign(folder / "0.parquet", {"diffex.labels": '["x", "y"]'}, [1, 2])
    foreign(folder / "1.parquet", {"diffex.labels": '["x", "y"]'}, None, subject="n")
    parts = ScoreParts(folder)
    for _ in range(2):
        scores = parts.read("c")
        assert (plain(scores), scores.unusable) == ({"b": {"x": 1.0, "y": 2.0}}, {"n"})
        assert scores["b"].output_kind == "softmax"
        parts.merge({})
    assert len(parts) == 1


@pytest.mark.parametrize(
    ("labels", "logits", "subject", "told"),
    [
        (None, [1.0], "b", "does not name its classes in its metadata, diffex.labels"),
        ({"x": 0}, [1.0], "b", "does not name its classes"),
        (["x", "x"], [1.0, 2.0], "b", "names a class twice"),
        (["x", "y"], [1.0], "b", "has rows whose logits are not as many as its 2 classes"),
        (["x"], [1.0], None, "has empty cells in the column 'subject' of diffex.scores/2"),
    ],
)
def test_a_part_that_is_not_as_specified_is_left_out(
    folder: Path, labels: object, logits: list[float], subject: str | None, told: str
) -> None:
    parts = ScoreParts(folder)
    write(parts, ["a"], ["x"], [1.0])
    metadata = {} if labels is None else {"diffex.labels": json.dumps(labels)}
    foreign(folder / "foreign.parquet", metadata, logits, subject)
    assert set(parts.read("c")) == {"a"}
    (warning,) = parts.warnings
    assert warning.startswith("left out: ")
    assert told in warning
    assert "foreign.parquet" in warning


@pytest.mark.parametrize("form", ["long", "wide"])
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_torn_part_is_left_out_and_left_alone(folder: Path, form: str, damage: str) -> None:
    parts = ScoreParts(folder)
    labels = [str(i) for i in range(3000)]
    logits = np.random.default_rng(0).normal(size=(3, 200, 3000)).astype(np.float32)
    write(parts, [f"a{i}" for i in range(200)], labels, logits[0])
    write(parts, [f"b{i}" for i in range(200)], labels, logits[1])
    before = set(folder.iterdir())
    if form == "wide":
        write(parts, [f"t{i}" for i in range(200)], labels, logits[2])
    else:
        write_long(folder / "torn.parquet", [("t", "c", label, 0.5 + i) for i, label in enumerate(labels)])
    (torn,) = set(folder.iterdir()) - before
    data = bytearray(torn.read_bytes())
    if damage == "cut":
        del data[len(data) // 2 :]
    else:
        middle = len(data) // 2
        data[middle : middle + 64] = bytes(byte ^ 255 for byte in data[middle : middle + 64])
    torn.write_bytes(data)
    for _ in range(2):
        assert {subject[0] for subject in parts.read("c")} == {"a", "b"}
        (warning,) = parts.warnings
        assert f"left out: {torn} " in warning
        assert "remove it and run the stage" in warning
        parts.merge({})
    assert torn.exists()
    assert len(parts) == 2
    assert not list(folder.glob(".*"))


def test_merging_keeps_classifiers_and_classes_apart_and_the_origins_together(folder: Path) -> None:
    parts = ScoreParts(folder)
    for subject in "ab":
        write(parts, [subject], ["x", "y"], [1.0, 2.0])
        write(parts, [subject], ["z"], [3.0], classifier="d")
        write(parts, [subject], ["x", "y"], [4.0, 5.0], classifier="e")
    parts.merge({"stage": "search"})
    assert len(parts) == 2
    for classifier, expected in (("c", {"x": 1.0, "y": 2.0}), ("d", {"z": 3.0}), ("e", {"x": 4.0, "y": 5.0})):
        assert plain(parts.read(classifier)) == {"a": expected, "b": expected}
    for file in folder.iterdir():
        assert [origin["stage"] for origin in read_provenance(file)["merged"]] == ["score"]
    parts.merge({"stage": "search"})
    assert len(parts) == 2


def test_a_merge_that_was_interrupted_is_made_up_for(folder: Path) -> None:
    parts = ScoreParts(folder)
    for subject, logit in (("a", 1.0), ("b", 2.0), ("a", 3.0)):
        write(parts, [subject], ["x"], [logit])
    kept = {file: file.read_bytes() for file in folder.iterdir()}
    parts.merge({})
    for file, data in kept.items():
        file.write_bytes(data)  # killed before the old ones went
    assert len(parts) == 4
    for _ in range(2):
        assert plain(parts.read("c")) == {"a": {"x": 3.0}, "b": {"x": 2.0}}
        parts.merge({})
    assert len(parts) == 1


def test_reading_takes_little_more_than_the_logits(folder: Path) -> None:
    parts, labels = ScoreParts(folder), [f"class {i}" for i in range(4000)]
    logits = np.random.default_rng(0).normal(size=(400, 4000)).astype(np.float32)
    for start in range(0, 400, 100):
        write(parts, [f"s{start + i}" for i in range(100)], labels, logits[start : start + 100])
    for form in ("parts", "merged", "long"):
        if form == "long":
            (merged,) = folder.iterdir()
            merged.unlink()
            cells = ((f"s{i}", "c", label, 0.5) for i in range(400) for label in labels)
            write_long(folder / "0.parquet", cells)
        tracemalloc.start()
        scores = parts.read("c")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(scores) == 400
        assert peak < 1.6 * logits.nbytes + 4e6, form
        parts.merge({})
