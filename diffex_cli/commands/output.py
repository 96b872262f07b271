"""Where a command's words go: results to stdout, everything else to stderr."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from diffex_cli.commands.streams import results
from diffex_cli.core.columns import Column, filled, fit
from diffex_cli.core.left_out import told
from diffex_cli.core.printable import printable
from diffex_cli.core.settings import WORK

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH_OF_A_PIPE = 10_000


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

    def result(self, data: object, text: str, quiet: str | None = None, *, is_styled: bool = False) -> None:
        """Print ``data``, a mapping or a dataclass, for ``--json``; ``quiet``, if any, for ``-q``; else ``text``.

        What foreign words hold besides letters, signs, blanks and line breaks does not reach the terminal, unless the
        text is styled: then its author has cleaned them.
        """
        if self.json:
            self._write(as_json(data, ascii_only="utf" not in (results().encoding or "").lower()))
        elif not self.quiet:
            self._write(text if is_styled else clean(text))
        elif quiet is not None:
            self._write(clean(quiet))

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
        width = _width(results())
        rows = [[printable(cell) for cell in row] for row in rows]
        columns = [dataclasses.replace(column, name=printable(column.name)) for column in columns]
        fitted = fit(columns, rows, width)
        head = fitted.line([column.name for column in columns], columns)
        body = [line for row in rows for line in fitted.line(row, columns)]
        above = [*filled(printable(title), width), ""] if title else []
        self._write("\n".join([*above, *head, "─" * fitted.width, *body]))

    def say(self, text: str = "") -> None:
        """Print a further sentence of a result, for people only; without one, an empty line."""
        if not (self.json or self.quiet):
            self._write(paragraph(clean(text)))

    def note(self, text: str) -> None:
        """Tell a person something on stderr that is not a result."""
        if not self.quiet:
            sys.stderr.write(f"{_filled(clean(text), sys.stderr)}\n")

    def warnings(self, texts: Sequence[str]) -> None:
        """Warn on stderr, even if quiet."""
        told(texts)
        for text in texts:
            sys.stderr.write(f"{_filled(f'Warning: {clean(text)}', sys.stderr)}\n")

    @staticmethod
    def _write(text: str) -> None:
        results().write(f"{text}\n")


def clean(text: str) -> str:
    """A text for people, in lines and columns as it is, without what foreign words could do to a terminal."""
    return printable(text, also="\n\t")


def paragraph(text: str) -> str:
    """A text for stdout, its lines broken at blanks where that is a terminal."""
    return _filled(text, results())


def console() -> Console:
    """Rich's console on stdout, where lines are as long as they are unless that is a terminal."""
    from rich.console import Console

    return Console(file=results(), width=_width(results()) or _WIDTH_OF_A_PIPE)


def _filled(text: str, stream: TextIO) -> str:
    return "\n".join(line for part in text.split("\n") for line in filled(part, _width(stream)))


def _width(stream: TextIO) -> int | None:
    """A terminal's width; ``None`` for a file or a pipe, whose lines may be of any length."""
    if not stream.isatty():
        return None
    if os.environ.get("COLUMNS", "").isdecimal():
        return shutil.get_terminal_size().columns
    try:  # of this stream: Python asks the descriptor 1, which other streams may be
        return os.get_terminal_size(stream.fileno()).columns or shutil.get_terminal_size().columns
    except (OSError, ValueError):
        return shutil.get_terminal_size().columns


def as_json(data: object, ascii_only: bool = False) -> str:
    """Data as JSON text; paths become text, dataclasses objects, NaN and infinities ``null``. What a
    terminal would act upon is escaped."""
    return _escaped(json.dumps(_plain(data), indent=2, ensure_ascii=ascii_only, allow_nan=False))


def _escaped(text: str) -> str:
    if printable(text, also="\n") == text:
        return text
    return "".join(letter if printable(letter, also="\n") == letter else json.dumps(letter)[1:-1] for letter in text)


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
