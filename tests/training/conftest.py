"""What the tests of the training share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest


class InProcessPool:
    """Stands for ``ProcessPoolExecutor`` where starting processes would cost more than the work."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __enter__(self) -> InProcessPool:
        return self

    def __exit__(self, *args: object) -> None:
        pass

    def map(self, function: Callable[[Any], Any], rows: Iterable[Any]) -> Iterator[Any]:
        return map(function, rows)


@pytest.fixture
def in_process_pool() -> type[InProcessPool]:
    return InProcessPool
