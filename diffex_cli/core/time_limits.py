"""A limit on how long a piece of work may take, whatever it waits for."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """What the work returns or raises.

    It runs in a thread of its own: a socket's time-out begins anew with each byte, and a name is looked up without any.

    Raises:
        TimeoutError: it takes longer. It is left to itself then: the caller closes what it waits for.
    """
    ended: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            ended.put((context.run(work), None))
        except BaseException as error:
            ended.put((None, error))

    threading.Thread(target=run, name="diffex-within", daemon=True).start()
    try:
        result, error = ended.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"took longer than {seconds:g} s") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
