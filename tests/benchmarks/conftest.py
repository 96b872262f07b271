"""Benchmarks in tests keep their inversions apart from the user's, and from each other's."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _cold_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFEX_CACHE", str(tmp_path / "cache"))
