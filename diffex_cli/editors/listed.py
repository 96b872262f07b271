"""A table that a person wrote for an editor: CSV, Parquet or YAML, a mapping a row."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from diffex_cli.core.csv_text import unguarded
from diffex_cli.core.errors import UsageError
from diffex_cli.core.plain_files import read_plain_file, read_text_file


def read_rows(path: Path, what: str, columns: Sequence[str], needed: str, if_missing: str) -> list[Mapping[str, Any]]:
    """The table's rows, at least one.

    Args:
        path: ends in ``.csv``, ``.parquet``, ``.yaml`` or ``.yml``.
        what: it is, for the sentences: ``manifest``.
        columns: all that it may have.
        needed: those that it has to have, in words.
        if_missing: what to do if there is no such file.

    Raises:
        UsageError: it is no such table, or cannot be read.
    """
    try:
        path.stat()
        rows = _READERS[path.suffix.lower()](path, f"the {what}")
    except KeyError:
        raise UsageError(f"the {what} {path} must be one of {', '.join(_READERS)}") from None
    except FileNotFoundError:
        raise UsageError(f"there is no {what} {path}: {if_missing}") from None
    except (OSError, ValueError, csv.Error) as error:
        raise UsageError(f"the {what} {path} cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise UsageError(f"the {what} {path} must be a list of rows with the columns {needed}")
    for row in rows:
        unknown = [str(name) for name in row if name not in columns]
        if unknown:
            raise UsageError(f"the {what} {path} has a column {unknown[0]!r}; the columns are {', '.join(columns)}")
    return rows


def text_of(row: Mapping[str, Any], column: str) -> str:
    """What a row says in a column; empty if it has none."""
    value = row.get(column)
    return "" if value is None else str(value).strip()


def _read_csv(path: Path, what: str) -> Iterable[Mapping[str, Any]]:
    reader = csv.DictReader(read_text_file(path, what).splitlines(keepends=True), restkey="?")
    _refuse_double(reader.fieldnames or ())
    return [{name: unguarded(cell) if isinstance(cell, str) else cell for name, cell in row.items()} for row in reader]


def _refuse_double(columns: Sequence[str]) -> None:
    double = next((name for name in columns if columns.count(name) > 1), None)
    if double is not None:
        raise ValueError(f"it has several columns {double!r}: keep one")


def _read_parquet(path: Path, _: str) -> Iterable[Mapping[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            table = pq.ParquetFile(file)
            _refuse_double(table.schema_arrow.names)
            rows: list[Mapping[str, Any]] = table.read().to_pylist()
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error
    return rows


def _read_yaml(path: Path, what: str) -> Any:
    return read_plain_file(path, what, verbatim=True)


_READERS: Mapping[str, Callable[[Path, str], Any]] = {
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
}
