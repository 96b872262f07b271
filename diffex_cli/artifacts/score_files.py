"""The parts of ``scores/`` in both of their forms, read and written some pictures at a time: thousands of classes make
scores the largest table by far, and nobody shall hold them twice.

``diffex.scores/2`` has a row for each picture; the names of the classes stand once, in the file's metadata.
``diffex.scores/1`` has a row for each picture and class. It is only read.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from diffex_cli.artifacts import arrow
from diffex_cli.artifacts.files import atomic_write
from diffex_cli.artifacts.row_rules import equals, labels_fault
from diffex_cli.artifacts.schemas import LONG_SCORES, SCORES
from diffex_cli.artifacts.tables import (
    REMEDY,
    TableSchema,
    casting,
    check_rows,
    check_schema_id,
    described,
    lacking,
    metadata,
    opened,
    schema_id,
)
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.plain_json import read_json

LABELS_KEY = b"diffex.labels"
_CELLS = 1 << 18
"""Logits at a time."""
_LONG_ROWS = 1 << 17
_PAGE = 1 << 17
"""Bytes of a page, which the writer's memory is a multiple of."""
_NAMES = [field.name for field in SCORES.columns if field.name != "logits"]


@dataclasses.dataclass(slots=True)
class Piece:
    """What one part says of one picture.

    Attributes:
        values: float32, of shape (len(labels),).
        present: of that shape, which labels it speaks of; ``None`` for all.
    """

    kind: str
    labels: tuple[str, ...]
    values: NDArray[np.float32]
    present: NDArray[np.bool_] | None = None


@dataclasses.dataclass(slots=True)
class PartScores:
    """What one part has of one classifier.

    Attributes:
        pieces: by subject.
        output_kind: what the last row says that says it.
    """

    pieces: dict[str, Piece] = dataclasses.field(default_factory=dict)
    output_kind: str | None = None


def rows_at_a_time(classes: int) -> int:
    """How many pictures' logits are read or written together."""
    return max(1, _CELLS // max(classes, 1))


def labels_of(path: Path) -> tuple[str, ...] | None:
    """The classes of a part; ``None`` for one in the long form, which knows no order of them.

    Raises:
        FileNotFoundError: there is no such file.
        UsageError: it is torn, of another schema, or names no classes.
    """
    with opened(path) as parquet:
        return _labels(path, parquet)


def read_part(path: Path, classifier: str) -> PartScores:
    """What a part has of a classifier; all of it was read without a fault, or nothing is returned.

    Raises:
        FileNotFoundError: there is no such file.
        UsageError: it is torn, of another schema, or not what the schema says.
    """
    with opened(path) as parquet:
        labels = _labels(path, parquet)
        if labels is None:
            return _read_long(path, parquet, classifier)
        found, shared = PartScores(), labels
        for batch in _batches(path, parquet, SCORES, rows_at_a_time(len(labels))):
            ours = np.flatnonzero(equals(batch["classifier"], classifier))
            values = _matrix(path, batch["logits"], len(labels)) if len(ours) else np.zeros((0, 0), np.float32)
            subjects, kinds = batch["subject"].to_pylist(), batch["kind"].to_pylist()
            for i in ours:
                # a copy, which does not keep the whole batch
                found.pieces[subjects[i]] = Piece(kinds[i], shared, values[i].copy())
            said = batch["output_kind"]
            said = said if len(ours) == len(said) else said.take(pa.array(ours))
            found.output_kind = _last(said) or found.output_kind
    return found


def keys_of(path: Path) -> list[tuple[str, str]]:
    """Subject and classifier of each row of a part that is not in the long form."""
    with opened(path) as parquet:
        lacking(path, parquet, SCORES)
        columns = parquet.read(columns=["subject", "classifier"]).to_pydict()
    return list(zip(columns["subject"], columns["classifier"], strict=True))


def classifiers_of(path: Path) -> set[str]:
    """The classifiers that a part has scores of."""
    with opened(path) as parquet:
        lacking(path, parquet, LONG_SCORES if schema_id(parquet) == LONG_SCORES.id else SCORES)
        batches = parquet.iter_batches(_LONG_ROWS, columns=["classifier"])
        return {name for batch in batches for name in batch.column(0).unique().to_pylist()}


def rows_of(path: Path, wanted: NDArray[np.bool_]) -> Iterator[pa.Table]:
    """Some of the rows of a part that is not in the long form, a few at a time."""
    with opened(path) as parquet:
        labels, start = _labels(path, parquet) or (), 0
        for batch in _batches(path, parquet, SCORES, rows_at_a_time(len(labels))):
            rows = len(batch["subject"])
            columns = [_lists(_matrix(path, column, len(labels))) if name == "logits" else column.cast(pa.string())
                       for name, column in batch.items()]  # fmt: skip
            table = pa.Table.from_arrays(columns, schema=SCORES.columns)
            yield table.filter(pa.array(wanted[start : start + rows]))
            start += rows


def table_of(
    classifier: str, output_kind: str, subjects: Sequence[str], kinds: Sequence[str], values: NDArray[np.float32]
) -> pa.Table:
    """The scores of some pictures as rows, which share the memory of ``values``, shape (len(subjects), classes)."""
    rows = len(subjects)
    columns = [
        pa.array(subjects, pa.string()),
        pa.array(kinds, pa.string()),
        pa.repeat(pa.scalar(classifier), rows),
        _lists(values),
        pa.repeat(pa.scalar(output_kind), rows),
    ]
    return pa.Table.from_arrays(columns, schema=SCORES.columns)


def write_part(path: Path, labels: Sequence[str], tables: Iterable[pa.Table], provenance: Mapping[str, object]) -> None:
    """Write rows as a part, atomically, while they come.

    Raises:
        DiffexError: it cannot be written, or the classes' names are not what the schema says.
    """
    if fault := labels_fault(labels):
        raise DiffexError(f"{path} {fault} and was not written: correct what the classifier calls its classes")
    about = {**described(SCORES, provenance), LABELS_KEY: json.dumps(list(labels), ensure_ascii=False)}
    rows = rows_at_a_time(len(labels))
    schema = SCORES.columns.with_metadata(about)
    # logits hardly repeat, and a dictionary of them would be held until the end
    how = {"write_page_checksum": True, "use_dictionary": _NAMES, "data_page_size": _PAGE}
    with atomic_write(path) as file, pq.ParquetWriter(file, schema, **how) as writer:
        waiting: list[pa.Table] = []
        for table in tables:
            waiting.append(table)
            if sum(one.num_rows for one in waiting) >= rows:
                writer.write_table(pa.concat_tables(waiting), row_group_size=rows)
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting), row_group_size=rows)


def _labels(path: Path, parquet: Any) -> tuple[str, ...] | None:
    found = schema_id(parquet)
    if found == LONG_SCORES.id:
        return None
    check_schema_id(path, found, SCORES.id)
    labels = read_json(metadata(parquet).get(LABELS_KEY, b"null").decode(errors="replace"), str(path))
    if fault := labels_fault(labels):
        raise UsageError(f"{path} {fault} in its metadata, {LABELS_KEY.decode()}: {REMEDY}")
    return tuple(labels)


def _batches(path: Path, parquet: Any, schema: TableSchema, rows: int) -> Iterator[dict[str, pa.Array]]:
    """The columns of a schema, some rows at a time. Only the numbers may be empty, and count as not finite then."""
    missing = lacking(path, parquet, schema)
    names = [name for name in schema.columns.names if name not in missing and name != "probability"]
    before = 0
    for batch in parquet.iter_batches(rows, columns=names):
        columns = {name: batch.column(name) for name in batch.schema.names}
        for field in schema.columns:
            if field.name in missing:
                columns[field.name] = pa.nulls(batch.num_rows, field.type)
            elif field.type == pa.string():
                with casting(path):
                    columns[field.name] = columns[field.name].cast(pa.string())
                    columns[field.name].validate(full=True)
                if not field.nullable and columns[field.name].null_count:
                    raise UsageError(f"{path} has empty cells in the column {field.name!r} of {schema.id}: {REMEDY}")
        named = ("subject", "kind")
        check_rows(path, schema, pa.Table.from_arrays([columns[name] for name in named], named), before)
        before += batch.num_rows
        yield {field.name: columns[field.name] for field in schema.columns if field.name in columns}


def _matrix(path: Path, column: pa.Array, classes: int) -> NDArray[np.float32]:
    """A column of lists as an array of shape (rows, classes); NaN for what is empty."""
    with casting(path):
        lengths, numbers = (arrow.numbers(one) for one in (pc.list_value_length(column), column.flatten()))
        there = ~np.isnan(lengths.astype(np.float64))
        if (lengths[there] != classes).any():
            raise UsageError(f"{path} has rows whose logits are not as many as its {classes} classes: {REMEDY}")
        if there.all():
            return single(numbers).reshape(-1, classes)
        values = np.full((len(there), classes), np.nan, np.float32)
        values[there] = single(numbers).reshape(-1, classes)
        return values


def single(numbers: NDArray[Any]) -> NDArray[np.float32]:
    """Logits as they are kept, in float32; what is too large for it is infinite, and so of no use."""
    with np.errstate(over="ignore"):
        return numbers.astype(np.float32, copy=False)


def _lists(values: NDArray[np.float32]) -> pa.Array:
    rows, classes = values.shape
    offsets = pa.array(np.arange(rows + 1, dtype=np.int64) * classes, pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.array(values.reshape(-1), pa.float32()))


def _last(column: pa.Array) -> str | None:
    """The last cell that is not empty."""
    said = pc.drop_null(column)
    return said[-1].as_py() if len(said) else None


def _read_long(path: Path, parquet: Any, classifier: str) -> PartScores:
    """The same of the long form, whose rows may come in any order: the classes first, and then their logits."""
    columns: dict[str, int] = {}
    lacking(path, parquet, LONG_SCORES)
    for batch in parquet.iter_batches(
        _LONG_ROWS,
        columns=["classifier", "label"],
    ):
        ours = batch.filter(pc.equal(batch["classifier"], classifier))
        for label in ours["label"].unique().to_pylist():
            columns.setdefault(label, len(columns))
    if columns and (fault := labels_fault([label or "" for label in columns])):
        raise UsageError(f"{path} {fault} in the column 'label': {REMEDY}")
    found, labels = PartScores(), tuple(columns)
    for batch_columns in _batches(path, parquet, LONG_SCORES, _LONG_ROWS):
        ours = pa.table(batch_columns).filter(pc.equal(batch_columns["classifier"], classifier)).combine_chunks()
        if ours.num_rows:
            _take(path, ours, columns, labels, found)
    return found


def _take(path: Path, rows: pa.Table, columns: Mapping[str, int], labels: tuple[str, ...], found: PartScores) -> None:
    """File some rows of the long form, one classifier's, under their pictures."""
    with casting(path):
        logits = single(rows["logit"].cast(pa.float64()).to_numpy())
    said = rows["label"].combine_chunks().dictionary_encode()
    places = np.array([columns[label] for label in said.dictionary.to_pylist()])[said.indices.to_numpy()]
    subjects = rows["subject"].combine_chunks().dictionary_encode()
    codes = subjects.indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    ends = np.flatnonzero(np.diff(codes[order])) + 1
    for some in np.split(order, ends):
        subject = subjects.dictionary[int(codes[some[0]])].as_py()
        kind = rows["kind"][int(some[-1])].as_py()
        piece = found.pieces.get(subject)
        if piece is None:
            nothing = np.full(len(labels), np.nan, np.float32)
            piece = found.pieces[subject] = Piece(kind, labels, nothing, np.zeros(len(labels), bool))
        piece.kind = kind
        piece.values[places[some]] = logits[some]
        if piece.present is not None:
            piece.present[places[some]] = True
            piece.present = None if piece.present.all() else piece.present
    found.output_kind = _last(rows["output_kind"].combine_chunks()) or found.output_kind
