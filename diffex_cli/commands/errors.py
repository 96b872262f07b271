"""What a person sees when a command cannot do what it was asked, and the exit code it ends with.

One sentence on stderr, no traceback unless ``--debug`` is given. Exit codes: 1 error, 2 usage or
configuration, 3 incomplete, 4 a gate failed (:mod:`diffex_cli.core.errors`), 130 interrupted.
"""

from __future__ import annotations

import contextvars
import functools
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import ParamSpec, TypeVar

import typer

from diffex_cli.commands.output import Output
from diffex_cli.commands.streams import apart
from diffex_cli.core.errors import DiffexError, PlugInError, said
from diffex_cli.core.left_out import collecting, untold
from diffex_cli.core.printable import printable

P = ParamSpec("P")
T = TypeVar("T")

DEBUG: contextvars.ContextVar[bool] = contextvars.ContextVar("diffex_debug", default=False)
"""Whether ``--debug`` was given."""

_INTERRUPTED = "interrupted: what was finished is kept, and the same command continues from there"
_WHERE = "`diffex --debug …` shows where"
_STILL_SAVING = b"still saving what is finished, a moment\n"


def message(error: BaseException) -> str:
    """The sentence that tells a person about an exception."""
    text = said(error)
    match error:
        case PlugInError():
            return f"{error} ({_WHERE})"
        case DiffexError():
            return str(error)
        case KeyboardInterrupt():
            return _INTERRUPTED
        case ModuleNotFoundError():
            return f"the Python package {error.name or text!r} is missing: install it, or choose another backend"
        case OSError() if error.filename is not None:
            return f"{error.strerror or type(error).__name__}: {error.filename}"
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "out of memory: choose a smaller model or another --device, or close other programs"
    return f"unexpected {type(error).__name__}: {text} ({_WHERE})"


def exit_code(error: BaseException) -> int:
    """The exit code that a command ends with after an exception."""
    match error:
        case DiffexError():
            return error.exit_code if error.exit_code in range(1, 126) else 1
        case KeyboardInterrupt():
            return 130
    return 1


def guarded(command: Callable[P, T]) -> Callable[P, T]:
    """Make a command end with a sentence and an exit code whatever happens in it."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with apart(), collecting(), _one_interrupt():
                try:
                    return command(*args, **kwargs)
                except Exception as error:
                    if not isinstance(error, typer.Exit | typer.Abort | typer.TyperException | BrokenPipeError):
                        Output().warnings(untold())
                    raise
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise
        except BaseException as error:  # code that others wrote may raise anything
            if DEBUG.get():
                sys.stderr.write(printable(traceback.format_exc(), also="\n"))
            prefix = "" if isinstance(error, KeyboardInterrupt) else "Error: "
            sys.stderr.write(f"{prefix}{printable(message(error))}\n")
            raise typer.Exit(exit_code(error)) from None

    return run


@contextmanager
def _one_interrupt() -> Iterator[None]:
    """Let the first Ctrl-C end the command, and no second one disturb it while it saves its work."""
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or previous == signal.SIG_IGN:
        yield
        return

    def later(_number: int, _frame: FrameType | None) -> None:
        os.write(2, _STILL_SAVING)

    def first(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, later)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
