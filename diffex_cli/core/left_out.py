"""What had to be left out so far, so that a command that fails can say it before the error that it may explain."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

_SOURCES: contextvars.ContextVar[list[Callable[[], Sequence[str]]] | None] = contextvars.ContextVar(
    "diffex_left_out", default=None
)
_TOLD: contextvars.ContextVar[set[str] | None] = contextvars.ContextVar("diffex_told", default=None)


@contextmanager
def collecting() -> Iterator[None]:
    """Within it, :func:`untold` knows what the sources have to say that are named in it."""
    tokens = _SOURCES.set([]), _TOLD.set(set())
    try:
        yield
    finally:
        _SOURCES.reset(tokens[0])
        _TOLD.reset(tokens[1])


def add_source(warnings: Callable[[], Sequence[str]]) -> None:
    """Name one that can be asked for sentences later; does nothing where nobody collects."""
    if (sources := _SOURCES.get()) is not None:
        sources.append(warnings)


def told(texts: Sequence[str]) -> None:
    """These were said."""
    if (known := _TOLD.get()) is not None:
        known.update(texts)


def untold() -> list[str]:
    """What was not said yet, each sentence once."""
    known = _TOLD.get() or set()
    texts = [text for source in _SOURCES.get() or () for text in source()]
    return [text for text in dict.fromkeys(texts) if text not in known]
