"""What the tests of the birds share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's measured rates."""
    folder: Path = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("DIFFEX_CACHE", str(folder))
