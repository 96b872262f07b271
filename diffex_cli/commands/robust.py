"""Standard streams that take nothing from a command: closed, full, without a reader or of another encoding than UTF-8,
its work is done all the same, and its exit code means what it says."""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO


def make_robust() -> None:
    """Let what cannot be written to stdout and stderr be lost, and what cannot be encoded be escaped."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # lowest first, so that the number is the one that is free, and no file that is opened later gets it
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.__stdout__ = unfailing(1, sys.stdout)  # type: ignore[assignment, misc]
    sys.stderr = sys.__stderr__ = unfailing(2, sys.stderr)  # type: ignore[assignment, misc]


def unfailing(number: int, like: TextIO | None) -> TextIO:
    """A stream on a file descriptor, of another one's encoding; no writing to it fails, and it leaves it open."""
    raw = _Unfailing(number, "wb", closefd=False)
    encoding = getattr(like, "encoding", None) or "utf-8"
    is_line_by_line = number == 2 or raw.isatty()
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding, errors="backslashreplace", line_buffering=is_line_by_line
    )


class _Unfailing(io.FileIO):
    """A file that takes whatever it is given."""

    def write(self, data: Any, /) -> int:
        try:
            written = super().write(data)
        except OSError:
            written = None
        return len(data) if written is None else written
