"""Code that others wrote: it may fail in any way, but it ends no command and is always named."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from diffex_cli.core import registry
from diffex_cli.core.errors import DiffexError, PlugInError, one_line
from diffex_cli.core.registry import Spec

T = TypeVar("T")

_END: Final = object()


@contextmanager
def foreign(who: str) -> Iterator[None]:
    """Run code that others wrote.

    The errors of diffex, an interrupt, and what is said of memory and of missing packages pass; so do folders: the
    current one is the same afterwards.

    Args:
        who: whose code it is: ``the classifier python:my_model:predict``.

    Raises:
        DiffexError: it raised something else, ``SystemExit`` included; the sentence names both.
    """
    folder = _current_folder()
    try:
        yield
    except (DiffexError, KeyboardInterrupt, MemoryError, ModuleNotFoundError):
        raise
    except BaseException as error:
        name = type(error).__name__
        if name == "OutOfMemoryError":
            raise
        if isinstance(error, Exception):
            raise PlugInError(f"{who} raised {name}: {one_line(error)}") from error
        raise DiffexError(
            f"{who} tried to end the command by {name} ({one_line(error)}): what was finished is kept; let it return "
            "its result, or raise an error"
        ) from error
    finally:
        if folder is not None and folder != _current_folder():
            with contextlib.suppress(OSError):
                os.chdir(folder)


def each(who: str, make: Callable[[], Iterable[T]]) -> Iterator[T]:
    """What code that others wrote yields, one after the other; see :func:`foreign`."""
    with foreign(who):
        items = iter(make())
    try:
        while True:
            with foreign(who):
                item: Any = next(items, _END)
            if item is _END:
                return
            yield item
    finally:
        with foreign(who):
            getattr(items, "close", lambda: None)()


def open_backend(group: str, spec: Spec, **arguments: Any) -> Any:
    """Import a backend and make it of its spec.

    Raises:
        UsageError: there is none of its name, or its options are bad.
        DiffexError: its code failed.
    """
    with foreign(called(group, spec.text)):
        return registry.find(group, spec.name)(spec, **arguments)


def called(group: str, spec: str) -> str:
    """What a backend is called in a sentence."""
    return f"the {registry.KINDS[group]} {spec}"


def _current_folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 as text: it is only compared, often
    except OSError:  # it was removed
        return None
