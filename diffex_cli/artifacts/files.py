"""Writing a file so that a reader sees the old one or the new one, never half of one."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from diffex_cli.core.errors import DiffexError
from diffex_cli.core.inside import own_folders

_FILE = re.compile(r"\..+\.(\d{1,10})-[0-9a-f]{8}\.tmp", re.DOTALL)
_FOLDER = re.compile(r"results/\..+\.(new|old)\.tmp|.*\.report\.old\.tmp", re.DOTALL)
"""Of :mod:`~diffex_cli.artifacts.results`, in the run directory."""


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


def sweep(run: Path) -> None:
    """Remove what killed writers left in a run directory; only for the one who holds its lock.

    That is what has one of diffex's temporary names, in one of its folders. Who writes without the lock, as those that
    draw figures or answer a study do, and is still at it, keeps it.
    """
    for folder in [run, *own_folders(run)]:
        with os.scandir(folder) as entries:
            leftovers = [one for one in entries if one.name.startswith(".") and one.name.endswith(".tmp")]
        for one in leftovers:
            named = _FILE.fullmatch(one.name)
            if one.is_dir(follow_symlinks=False):
                if _FOLDER.fullmatch(Path(one.path).relative_to(run).as_posix()):
                    shutil.rmtree(one.path, ignore_errors=True)
            elif named and not _is_at_work(int(named[1])):
                _discard(Path(one.path))


def _is_at_work(process: int) -> bool:
    """Whether another process of that number runs here."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _discard(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # it could not be made, or its folder is gone or read-only: the caller hears of the first error
