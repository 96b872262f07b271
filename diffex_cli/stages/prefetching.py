"""Making the next things while the last ones are used."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def prefetched(make: Callable[[T], R], items: Iterable[T], ahead: int = 2) -> Generator[R, None, None]:
    """What ``map(make, items)`` gives, made in another thread, in order, at most ``ahead`` before it is asked for.

    An exception of ``make`` is raised in its place. Closing the iterator, as an exception in the loop over it does,
    waits for what is being made and makes nothing more.

    Args:
        make: is called by one thread alone.
        items: iterated by the caller's thread.
        ahead: how many results may wait, ≥ 1: they take memory.
    """
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="prefetched") as thread:
        try:
            for item in items:
                waiting.append(thread.submit(make, item))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
