"""A table that grows: a folder of parquet parts, each written once, merged when a stage is done."""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from diffex_cli.artifacts.tables import TableSchema, last_of_each, read_provenance, read_table, write_table
from diffex_cli.core.errors import UsageError

_ATTEMPTS = 5
_numbers = itertools.count()
_T = TypeVar("_T")


class Parts:
    """The parts of one table.

    Of rows with the same key the one in the last file by name counts, and in it the last row.

    Args:
        keys: the columns that name a row.
    """

    def __init__(self, folder: Path, schema: TableSchema, keys: Sequence[str]) -> None:
        self._folder = folder
        self._schema = schema
        self._keys = tuple(keys)
        self.warnings: list[str] = []
        """A sentence for each part that the last reading had to leave out."""

    def read(self) -> pa.Table:
        """All rows, one for each key. A part that cannot be read is left out, with a warning."""
        return last_of_each(self.rows(), self._keys)

    def rows(self) -> pa.Table:
        """All rows, those that no longer count too, in their order."""
        return pa.concat_tables([self._empty(), *self._tables().values()])

    def write(self, table: pa.Table, provenance: Mapping[str, object]) -> Path:
        """Add a part."""
        path = new_path(self._folder)
        write_table(path, self._schema, table, provenance)
        return path

    def merge(self, provenance: Mapping[str, object]) -> None:
        """Make one part of all that can be read; the others stay where they are.

        The merged part is written before the old ones go, so that no moment is without a row.
        """
        tables = self._tables()
        if len(tables) < 2:
            return
        merged = last_of_each(pa.concat_tables(tables.values()), self._keys)
        self.write(merged, {**provenance, "merged": origins(tables)})
        for path in tables:
            path.unlink()

    def __len__(self) -> int:
        """How many parts there are."""
        return len(paths_in(self._folder))

    def _empty(self) -> pa.Table:
        return pa.Table.from_batches([], self._schema.columns)

    def _tables(self) -> dict[Path, pa.Table]:
        return while_others_merge(self._read_all)

    def _read_all(self) -> dict[Path, pa.Table]:
        tables: dict[Path, pa.Table] = {}
        self.warnings = []
        for path in paths_in(self._folder):
            try:
                tables[path] = read_table(path, self._schema)
            except UsageError as error:
                self.warnings.append(f"left out: {error}")
        return tables


def paths_in(folder: Path) -> list[Path]:
    """The parts of a table in the order in which they are read."""
    return sorted(path for path in folder.glob("*.parquet") if not path.name.startswith("."))


def new_path(folder: Path) -> Path:
    """Where the next part goes, behind those that diffex has written."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    # other machines may have a process of the same number
    return folder / f"{stamp}-{os.getpid()}-{next(_numbers)}-{secrets.token_hex(4)}.parquet"


def while_others_merge(read: Callable[[], _T]) -> _T:
    """Read again if a writer merged the parts between our listing and our reading."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return read()
        except FileNotFoundError:
            continue
    return read()


def origins(paths: Iterable[Path]) -> list[dict[str, object]]:
    """What the parts recorded about their making, each record once, whatever its time."""
    found: dict[str, dict[str, object]] = {}
    for path in paths:
        record = read_provenance(path)
        merged = record.pop("merged", None)
        for origin in merged if isinstance(merged, list) else [record]:
            if isinstance(origin, dict):  # it may be another program's
                found.setdefault(repr({**origin, "created": None}), origin)
    return list(found.values())
