"""How the program ends: at once, when its work is done."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys


def leave(code: object) -> None:
    """End this process with an exit code, as ``sys.exit`` would, but without taking the interpreter down.

    While it goes down, the threads of Arrow, torch and other native libraries still run. One that frees an object of
    Python's then asks for an interpreter that is gone, which ends the thread by unwinding C++ code that cannot be
    unwound: ``terminate called without an active exception``, and exit code 134 after all work was done. What was
    registered to be done at the end is done; a profiler or debugger gets the ordinary end, which it waits for.
    """
    if sys.gettrace() is not None or sys.getprofile() is not None:
        raise SystemExit(code)
    number = code if isinstance(code, int) else 0 if code is None else 1
    if not isinstance(code, int | None):
        sys.stderr.write(f"{code}\n")
    _flush()
    atexit._run_exitfuncs()
    _flush()
    os._exit(number & 0xFF)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, full or not there
            stream.flush()
