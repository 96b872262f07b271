"""Benchmarks keep their inversions and batch sizes apart from the user's."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cold_cache() -> Iterator[None]:
    """An empty cache folder for the block: an inversion that an earlier job has kept would cost nothing."""
    before = os.environ.get("DIFFEX_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DIFFEX_CACHE"] = folder
        try:
            yield
        finally:
            del os.environ["DIFFEX_CACHE"]
            if before is not None:
                os.environ["DIFFEX_CACHE"] = before
