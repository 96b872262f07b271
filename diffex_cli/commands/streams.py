"""Results apart from what code that others wrote prints: that goes to stderr, and stdout holds results only."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from diffex_cli.commands.robust import unfailing

_STDOUT, _STDERR = 1, 2

_kept: list[TextIO] = []


def results() -> TextIO:
    """Where a command's results go."""
    return _kept[-1] if _kept else sys.stdout


@contextmanager
def apart() -> Iterator[None]:
    """Let whatever prints, C libraries and started processes included, print to stderr; only :func:`results` writes to
    stdout. What was put into ``sys.stdout``'s place, as tests do, is kept apart as an object alone."""
    own = sys.stdout
    with _apart_by_number(own) if _is_descriptor(own) else _apart_by_name(own) as stream:
        _kept.append(stream)
        try:
            yield
        finally:
            _kept.pop()


@contextmanager
def _apart_by_name(own: TextIO) -> Iterator[TextIO]:
    sys.stdout = sys.stderr
    try:
        yield own
    finally:
        sys.stdout = own


@contextmanager
def _apart_by_number(own: TextIO) -> Iterator[TextIO]:
    own.flush()
    kept = os.dup(_STDOUT)
    buffered = own.line_buffering
    own.reconfigure(line_buffering=True)  # type: ignore[attr-defined]
    os.dup2(_STDERR, _STDOUT)
    stream = unfailing(kept, own)
    try:
        yield stream
        stream.flush()
    finally:
        with contextlib.suppress(OSError, ValueError):
            own.flush()
        os.dup2(kept, _STDOUT)
        stream.close()
        os.close(kept)
        sys.stdout = open(_STDOUT, "w", encoding=stream.encoding, closefd=False) if own.closed else own  # noqa: SIM115
        if not own.closed:
            own.reconfigure(line_buffering=buffered)  # type: ignore[attr-defined]


def _is_descriptor(stream: Any) -> bool:
    """Whether it is the process's own stdout, and there is a stderr to print to instead."""
    try:
        os.fstat(_STDERR)
        return stream is sys.__stdout__ and stream is not None and stream.fileno() == _STDOUT
    except (OSError, ValueError, AttributeError):  # one of them is closed, or not there
        return False
