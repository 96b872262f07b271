"""A page that was opened in a browser, and what it did behind the reader's back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import page_data

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


@dataclasses.dataclass
class Visit:
    """An opened page.

    Attributes:
        page: the page.
        complaints: errors and warnings of its console, uncaught errors, dialogs.
        requests: addresses that it asked for, but data that it carries itself.
    """

    page: Page
    complaints: list[str] = dataclasses.field(default_factory=list)
    requests: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda said: self._complain(f"{said.type}: {said.text}", said.type))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        self.page.on("request", lambda request: self._request(request.url))

    def _complain(self, text: str, kind: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def _request(self, address: str) -> None:
        if not address.startswith(("data:", "blob:")):
            self.requests.append(address)

    def row(self, candidate: str) -> str:
        """The selector of an attribute's line."""
        return f"#row-{page_data.index(candidate)}"

    def panel(self, candidate: str) -> str:
        """The selector of what unfolds under it."""
        return f"#panel-{page_data.index(candidate)}"

    def toggle(self, candidate: str) -> None:
        """Press an attribute's name."""
        self.page.click(f"{self.row(candidate)} .open")

    def shown(self) -> list[str]:
        """The names of the attributes in sight, sets left out, from top to bottom."""
        names = self.page.locator("#tree .row .name")
        return [names.nth(i).inner_text() for i in range(names.count()) if names.nth(i).is_visible()]


def words(text: str | None) -> str:
    """A text with plain spaces, where the page keeps numbers and units on one line."""
    return (text or "").replace("\N{NO-BREAK SPACE}", " ")


def captions(scope: Locator) -> list[str]:
    """The words under the pictures."""
    return [words(text) for text in scope.locator(".told").all_inner_texts()]


Open = Callable[..., Visit]
