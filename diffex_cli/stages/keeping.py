"""Keeping results on a thread of its own, so that whoever makes them does not wait for the disk."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Keeper(Generic[T]):
    """Calls a function on every item that is put, one after the other, in their order.

    A context manager. Leaving it waits for all that was put, whatever the reason for leaving.
    After the function's first error, an interrupt included, the rest is thrown away, and the error is
    raised by the next :meth:`put`, or else on leaving.

    Args:
        keep: called in the thread.
        depth: how many items may wait or be worked on; :meth:`put` waits for room, so that a slow disk
            cannot fill the memory.
    """

    def __init__(self, keep: Callable[[T], None], depth: int = 16) -> None:
        self._keep = keep
        self._room = threading.BoundedSemaphore(depth)
        self._error: BaseException | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="keeper")

    def __enter__(self) -> Self:
        return self

    def put(self, item: T) -> None:
        """Hand over one item.

        Raises:
            BaseException: what the function raised at an earlier item.
        """
        self._room.acquire()
        if self._error is not None:
            self._room.release()
            raise self._error
        self._thread.submit(self._work, item)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True)
        if error is None and self._error is not None:
            raise self._error

    def _work(self, item: T) -> None:
        try:
            if self._error is None:
                self._keep(item)
        except BaseException as error:
            self._error = error
        finally:
            self._room.release()
