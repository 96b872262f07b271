"""Paths as people type them, on a command line, in a specification or in a program."""

from __future__ import annotations

import os
from pathlib import Path

from diffex_cli.core.errors import UsageError


def typed_path(given: str | os.PathLike[str]) -> Path:
    """A path with its ``~`` replaced.

    Raises:
        UsageError: it is none.
    """
    try:
        return expanded(os.fspath(given))
    except ValueError as error:
        raise UsageError(f"the path {os.fspath(given)!r} {error}") from None


def expanded(given: str) -> Path:
    """The same; raises ``ValueError`` with the end of a sentence that begins with the path."""
    if not given.strip():
        raise ValueError("must not be empty (is a variable not set?)")
    if "\0" in given:
        raise ValueError("must not hold a NUL character")
    try:
        return Path(given).expanduser()
    except RuntimeError:
        raise ValueError(f"names the home folder of nobody: write ./{given} for a folder of that name") from None
