"""One writer at a time in a run directory."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO

from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.plain_json import read_json

_LONGEST = 10_000


class RunLock:
    """Holds ``<run>/.lock`` while in a ``with`` block. The kernel drops it if the process dies.

    Readers do not take it: what they read is replaced atomically.

    Args:
        folder: the run directory; made if it does not exist.
        command: what holds it, for the message that others get.
    """

    def __init__(self, folder: Path, command: str) -> None:
        self._path = folder / ".lock"
        self._command = command
        self._file: IO[str] | None = None

    def __enter__(self) -> RunLock:
        """Take the lock.

        Raises:
            DiffexError: somebody else holds it (the text says who), or the folder cannot be written to.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise DiffexError(f"cannot write to the run directory {self._path.parent}: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(file)
            file.close()
            raise DiffexError(
                f"the run directory {self._path.parent} is in use by {holder}: wait until it is done, or stop it"
                if isinstance(error, BlockingIOError)
                else f"cannot lock {self._path}: {error.strerror}"
            ) from error
        file.truncate(0)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        json.dump(
            {"pid": os.getpid(), "host": socket.gethostname(), "command": self._command, "since": since},
            file,
        )
        file.flush()
        self._file = file
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let go. The empty file stays: removing it would let two processes lock two files of one name."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None


def _holder(file: IO[str]) -> str:
    file.seek(0)
    try:
        holder = read_json(file.read(_LONGEST), "the lock")
        return f"`{holder['command']}` (process {holder['pid']} on {holder['host']}, since {holder['since']})"
    except (UsageError, UnicodeDecodeError, TypeError, KeyError):
        return "another process"
