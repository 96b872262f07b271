"""Writing a file so that a reader sees the old one or the new one, never half of one."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from diffex_cli.core.errors import DiffexError


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside ``path``; on leaving without an error it takes the place of ``path``.

    Upon any error, an interrupt included, the temporary file is removed and ``path`` stays as it was.

    Raises:
        DiffexError: the file system refuses (full, read-only, no permission).
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        _discard(temporary)
        raise DiffexError(f"cannot write {path}: {error.strerror or error}") from error
    except BaseException:
        _discard(temporary)
        raise


def write_bytes(path: Path, data: bytes) -> None:
    """Replace the file's content atomically."""
    with atomic_write(path) as file:
        file.write(data)


def write_text(path: Path, text: str) -> None:
    """Replace the file's content atomically; UTF-8."""
    write_bytes(path, text.encode())


def sweep(folder: Path) -> None:
    """Remove the temporary files and folders that a killed writer left below a folder; only for the one who holds its
    lock."""
    for leftover in list(folder.rglob(".*.tmp")):
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            _discard(leftover)


def _discard(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # it could not be made, or its folder is gone or read-only: the caller hears of the first error
