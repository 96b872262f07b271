"""What the tests of the birds share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
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


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's measured rates."""
    folder: Path = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("DIFFEX_CACHE", str(folder))


@pytest.fixture
def in_process_pool() -> type[InProcessPool]:
    return InProcessPool
