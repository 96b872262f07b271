"""Parquet tables with a schema's name and version in their metadata."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from diffex_cli.artifacts.files import atomic_write
from diffex_cli.artifacts.row_rules import Rule, first_fault
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.inside import is_file
from diffex_cli.core.plain_json import read_json

SCHEMA_KEY = b"diffex.schema"
PROVENANCE_KEY = b"diffex.provenance"
SEARCH_KEY = b"diffex.search"
"""The ``id`` of the ``search.yaml`` that a ranking belongs to."""
_BUFFER = 1 << 16
"""Bytes that are read at a time; otherwise it is the whole file, before its first row."""
_MANY = 200_000
"""Rows from which on it pays that pyarrow loads pandas to give NumPy an array."""


@dataclasses.dataclass(frozen=True, slots=True)
class TableSchema:
    """The columns of one artifact.

    Attributes:
        name: e.g. ``"diffex.edits"``.
        version: raised when a reader of the old columns would misread the new ones.
        columns: an Arrow schema; a column that is not nullable must have a value in every row.
        rules: what else holds of every row.
    """

    name: str
    version: int
    columns: pa.Schema
    rules: tuple[Rule, ...] = ()

    @property
    def id(self) -> str:
        """Name and version as they stand in a file, e.g. ``"diffex.edits/1"``."""
        return f"{self.name}/{self.version}"


def make_table(schema: TableSchema, rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Rows as a table of the schema's columns."""
    return pa.Table.from_pylist(list(rows), schema=schema.columns)


def write_table(
    path: Path, schema: TableSchema, table: pa.Table, provenance: Mapping[str, object], search: str | None = None
) -> None:
    """Write a table atomically, with schema id, provenance, the id of its search and page checksums.

    Raises:
        ValueError: a column that needs a value in every row has none in some.
        DiffexError: a row is not what the schema says, as a plug-in may make it.
    """
    gap = _column_with_gaps(schema, table)
    if gap:
        raise ValueError(f"column {gap!r} of {schema.id} has empty cells")
    if fault := first_fault(schema.rules, table):
        raise DiffexError(f"{path} was not written: {fault}")
    about = described(schema, provenance) | ({} if search is None else {SEARCH_KEY: search})
    labelled = table.replace_schema_metadata(about)
    with atomic_write(path) as file:
        pq.write_table(labelled, file, write_page_checksum=True)


def read_table(path: Path, schema: TableSchema) -> pa.Table:
    """Read a table, whoever wrote it; columns that the schema does not know are left out, and those that may
    be empty may be missing.

    Returns:
        the schema's columns in its order and types; :func:`search_of` it works.

    Raises:
        FileNotFoundError: there is no such file.
        UsageError: it is torn, of another kind, of a newer version, lacks a column, or a row is not what the schema
            says.
    """
    with opened(path) as parquet:
        check_schema_id(path, schema_id(parquet), schema.id)
        absent = lacking(path, parquet, schema)
        missing = [field for field in schema.columns if field.name in absent]
        present = set(parquet.schema_arrow.names)
        table = parquet.read(columns=[name for name in schema.columns.names if name in present])
        for field in missing:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
        table = table.select(schema.columns.names)
        search = metadata(parquet).get(SEARCH_KEY)
    gap = _column_with_gaps(schema, table)
    if gap:
        raise UsageError(f"{path} has empty cells in the column {gap!r} of {schema.id}: {REMEDY}")
    with casting(path):
        table = table.cast(schema.columns)
        table.validate(full=True)  # texts are UTF-8
    check_rows(path, schema, table)
    return table if search is None else table.replace_schema_metadata({SEARCH_KEY: search})


def check_rows(path: Path, schema: TableSchema, table: pa.Table, before: int = 0) -> None:
    """Hold rows against the schema; ``before``: how many the file has in front of them.

    Raises:
        UsageError: one is not what it says; the sentence names the row, from 1, and the column.
    """
    if fault := first_fault(schema.rules, table, before):
        raise UsageError(f"{path}, {fault}: {REMEDY}")


def search_of(table: pa.Table) -> str | None:
    """The id of the search that a table says it belongs to."""
    found = (table.schema.metadata or {}).get(SEARCH_KEY)
    return None if found is None else found.decode(errors="replace")


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A parquet file, its page checksums verified while it is read.

    Raises:
        FileNotFoundError: there is no such file.
        UsageError: it is no regular file, or torn, which may come out only while its pages are read in the block.
    """
    is_file(path)
    try:
        with pq.ParquetFile(path, page_checksum_verification=True, buffer_size=_BUFFER, pre_buffer=False) as parquet:
            yield parquet
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UsageError(f"{path} is torn or not a parquet file ({_first_line(error)}): {REMEDY}") from error


@contextmanager
def casting(path: Path) -> Iterator[None]:
    """Let a column of the wrong type name its file."""
    try:
        yield
    except (pa.ArrowException, ValueError) as error:
        raise UsageError(f"{path} has a column of the wrong type ({_first_line(error)}): {REMEDY}") from error


def schema_id(parquet: Any) -> str:
    """The schema that a file says it follows; empty if it says none."""
    return metadata(parquet).get(SCHEMA_KEY, b"").decode(errors="replace")


def lacking(path: Path, parquet: Any, schema: TableSchema) -> set[str]:
    """The columns that a file lacks, all of which it may lack.

    Raises:
        UsageError: it lacks one that it needs.
    """
    names = parquet.schema_arrow.names
    found = {field.name: field for field in schema.columns if field.name not in names}
    if twice := [name for name in schema.columns.names if names.count(name) > 1]:
        raise UsageError(f"{path} has the column {twice[0]!r} twice: {REMEDY}")
    for name, field in found.items():
        if not field.nullable:
            raise UsageError(f"{path} lacks the column {name!r} of {schema.id}: {REMEDY}")
    return set(found)


def read_provenance(path: Path) -> dict[str, Any]:
    """What a table recorded about its making; empty for a foreign file that recorded nothing.

    Raises:
        FileNotFoundError: there is no such file.
        UsageError: it is torn.
    """
    with opened(path) as parquet:
        provenance = read_json(metadata(parquet).get(PROVENANCE_KEY, b"{}").decode(), str(path), finite=False)
    return provenance if isinstance(provenance, dict) else {}


def described(schema: TableSchema, provenance: Mapping[str, object]) -> dict[bytes, str]:
    """What a file says of itself in its metadata."""
    return {SCHEMA_KEY: schema.id, PROVENANCE_KEY: json.dumps(provenance, ensure_ascii=False, default=str)}


REMEDY = "remove it and run the stage that makes it again"


def check_schema_id(path: Path, found: str, expected: str) -> None:
    """Compare the schema id in a file with what its reader understands."""
    if found == expected:
        return
    name, _, version = expected.rpartition("/")
    found_name, _, found_version = found.rpartition("/")
    if not found:
        raise UsageError(f"{path} does not say which schema it follows ({expected} is expected): {REMEDY}")
    if found_name != name or not found_version.isdigit():
        raise UsageError(f"{path} is {found!r} where {expected} is expected: {REMEDY}")
    if int(found_version) > int(version):
        raise UsageError(f"{path} was written by a newer diffex ({found}; this one reads {expected}): update diffex")
    raise UsageError(f"{path} was written by an older diffex ({found}; this one reads {expected}): {REMEDY}")


def last_of_each(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Of rows with the same values in the columns ``keys`` only the last, in the old order."""
    if table.num_rows > _MANY:
        table = table.unify_dictionaries()  # they may be of several files
        numbered = table.select(list(keys)).append_column("row", pa.array(np.arange(table.num_rows)))
        latest = numbered.group_by(list(keys)).aggregate([("row", "max")])["row_max"].to_numpy()
        return table.take(pa.array(np.sort(latest)))
    rows = zip(*(table[key].to_pylist() for key in keys), strict=True)
    last = {row: place for place, row in enumerate(rows)}
    return table if len(last) == table.num_rows else table.take(pa.array(sorted(last.values())))


def metadata(parquet: Any) -> dict[bytes, bytes]:
    """A file's key-value metadata."""
    return parquet.metadata.metadata or {}


def _column_with_gaps(schema: TableSchema, table: pa.Table) -> str | None:
    for field in schema.columns:
        if not field.nullable and table[field.name].null_count:
            return str(field.name)
    return None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
