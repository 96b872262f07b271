"""What all tests share: no user's cache, an interrupt however they were started, and one browser."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")

# how long an example takes says something about the machine
hypothesis.settings.register_profile("diffex", deadline=None)
hypothesis.settings.load_profile("diffex")

# a shell starts what it puts into the background with interrupts ignored, and children inherit that
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def _cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFEX_CACHE", str(tmp_path_factory.mktemp("cache")))
        # what was agreed to is kept for runs that several tests share; no test sees the user's
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees the rates and inversions that another one left."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("DIFFEX_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium, driven by Playwright. Skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright, of the extra 'test'")
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip("needs a chromium on the PATH (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield opened
        opened.close()
