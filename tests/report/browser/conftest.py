"""A real browser for the report's page: Debian's chromium, driven by Playwright. Skipped where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import page_data
import pytest
from visits import Open, Visit

from diffex_cli.report import html

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def open_file(browser: Browser) -> Iterator[Open]:
    """Open a file: ``open_file(path, fragment, **options of a browser context)``. It has to have behaved by the end."""
    contexts, visits = [], []

    def visit(file: Path, fragment: str = "", **options: Any) -> Visit:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        context.set_default_timeout(10_000)
        contexts.append(context)
        visits.append(Visit(context.new_page()))
        visits[-1].page.goto(file.as_uri() + fragment)
        return visits[-1]

    yield visit
    for one in visits:
        assert one.complaints == []
        assert [address.split("#")[0] for address in one.requests] == [one.page.url.split("#")[0]] * len(one.requests)
    for context in contexts:
        context.close()


@pytest.fixture
def open_page(open_file: Open, tmp_path: Path) -> Open:
    """The same for the page of :mod:`page_data`: ``open_page(fragment, data=…, pictures=…, **options)``."""

    def visit(
        fragment: str = "", data: dict[str, Any] | None = None, pictures: dict[str, Any] | None = None, **options: Any
    ) -> Visit:
        file = tmp_path / "index.html"
        text = html.page(data or page_data.report(), pictures or page_data.pictures())
        file.write_text(text, encoding="utf-8")
        return open_file(file, fragment, **options)

    return visit
