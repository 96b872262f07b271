"""Where a command's words go: results to stdout, everything else to stderr."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diffex_cli.core.settings import WORK

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH_OF_A_PIPE = 120


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """A column of a printed table."""

    name: str
    right: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Output:
    """One command's output, and the options that choose it.

    ``json``: the result as one JSON object, with all keys always present, and no other result. ``quiet``: only what a
    script needs, and no notes.
    """

    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.", rich_help_panel=WORK)] = False
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="Print only what a script needs.", rich_help_panel=WORK)
    ] = False

    def result(self, data: object, text: str, quiet: str | None = None) -> None:
        """Print ``data``, a mapping or a dataclass, for ``--json``; ``quiet``, if any, for ``-q``; else ``text``."""
        if self.json:
            self._write(as_json(data))
        elif not self.quiet:
            self._write(text)
        elif quiet is not None:
            self._write(quiet)

    def table(
        self,
        data: object,
        columns: Sequence[Column],
        rows: Sequence[Sequence[str]],
        *,
        title: str | None = None,
        quiet: str | None = None,
    ) -> None:
        """Print a result that a person reads as a table; ``data`` and ``quiet`` as in :meth:`result`."""
        if self.json or self.quiet:
            self.result(data, "", quiet)
            return
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for column in columns:
            table.add_column(column.name, justify="right" if column.right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        console().print(table)

    def say(self, text: str) -> None:
        """Print a further sentence of a result, for people only."""
        if not (self.json or self.quiet):
            self._write(text)

    def note(self, text: str) -> None:
        """Tell a person something on stderr that is not a result."""
        if not self.quiet:
            sys.stderr.write(f"{text}\n")

    def warnings(self, texts: Sequence[str]) -> None:
        """Warn on stderr, even if quiet."""
        for text in texts:
            sys.stderr.write(f"Warning: {text}\n")

    @staticmethod
    def _write(text: str) -> None:
        sys.stdout.write(f"{text}\n")


def console() -> Console:
    """Rich's console on stdout, of a fixed width where that is no terminal."""
    from rich.console import Console

    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE)


def as_json(data: object) -> str:
    """Data as JSON text; paths become text, dataclasses objects, NaN and infinities ``null``."""
    return json.dumps(_plain(data), indent=2, ensure_ascii=False, allow_nan=False)


def _plain(data: Any) -> object:
    if dataclasses.is_dataclass(data) and not isinstance(data, type):
        return {field.name: _plain(getattr(data, field.name)) for field in dataclasses.fields(data)}
    if isinstance(data, Mapping):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple | set | frozenset):
        return [_plain(item) for item in data]
    if isinstance(data, PurePath):
        return str(data)
    if hasattr(data, "tolist"):
        return _plain(data.tolist())
    if isinstance(data, float) and not math.isfinite(data):
        return None
    return data
