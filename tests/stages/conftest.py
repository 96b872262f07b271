from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the user's measured rates."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("DIFFEX_CACHE", str(folder))
    return folder
