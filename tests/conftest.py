"""No test reads or writes the user's own cache, and an interrupt is one however the tests were started."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

# a shell starts what it puts into the background with interrupts ignored, and children inherit that
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def _cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFEX_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
