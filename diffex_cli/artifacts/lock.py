"""One writer at a time in a run directory."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO

from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.inside import is_file
from diffex_cli.core.plain_json import read_json

_LONGEST = 4096
"""Characters that name a holder."""


class RunLock:
    """Holds ``<run>/.lock`` while in a ``with`` block. The kernel drops it if the process dies.

    Readers do not take it: what they read is replaced atomically.

    Args:
        folder: the run directory; made if it does not exist.
        command: what holds it, for the message that others get.
        shared: together with others that share it.
        name: of the file, for a lock of something in the run.
    """

    def __init__(self, folder: Path, command: str, shared: bool = False, name: str = ".lock") -> None:
        self._path = folder / name
        self._command = command
        self._shared = shared
        self._file: IO[str] | None = None

    def __enter__(self) -> RunLock:
        """Take the lock.

        Raises:
            DiffexError: somebody else holds it (the text says who), or the folder cannot be written to.
            UsageError: something else than a lock lies there, which is not to be emptied.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            is_file(self._path)
            file = open(self._path, "a+", encoding="utf-8", errors="replace", opener=_opener)
        except OSError as error:
            raise DiffexError(f"cannot write to the run directory {self._path.parent}: {error.strerror}") from error
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if self._shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(file)
            file.close()
            raise DiffexError(
                f"the run directory {self._path.parent} is in use by {holder}: wait until it is done, or stop it"
                if isinstance(error, BlockingIOError)
                else f"cannot lock {self._path}: {error.strerror}"
            ) from error
        if not _is_lock(file):
            file.close()
            raise UsageError(f"{self._path} is not diffex's: remove it, or name another run directory")
        self._file = file
        if self._shared:  # one name would stand for all
            return self
        file.truncate(0)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        json.dump(
            {"pid": os.getpid(), "host": socket.gethostname(), "command": self._command, "since": since},
            file,
        )
        file.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let go. The empty file stays: removing it would let two processes lock two files of one name."""
        if self._file is not None:
            if not self._shared:
                self._file.truncate(0)
            self._file.close()
            self._file = None


@contextmanager
def shard_lock(folder: Path, command: str, shard: str) -> Iterator[None]:
    """Hold a run directory together with its other shards, and this one, by its name, alone.

    Raises:
        DiffexError: somebody holds the run alone, or the same shard.
    """
    with RunLock(folder, command, shared=True), RunLock(folder, command, name=f".lock-{shard}"):
        yield


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)


def _is_lock(file: IO[str]) -> bool:
    """Whether it is empty or names a holder: what else has this name, by a hard link even, keeps its content."""
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return False
    file.seek(0)
    text = file.read(_LONGEST + 1)
    return not text or (text.startswith("{") and len(text) <= _LONGEST)


def _holder(file: IO[str]) -> str:
    file.seek(0)
    try:
        holder = read_json(file.read(_LONGEST), "the lock")
        return f"`{holder['command']}` (process {holder['pid']} on {holder['host']}, since {holder['since']})"
    except (UsageError, UnicodeDecodeError, TypeError, KeyError):
        return "another process"
