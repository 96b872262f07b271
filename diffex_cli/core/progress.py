"""How a stage tells what it is doing, without knowing to whom."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears of a stage's progress, also from another thread than the one that began the stage."""

    def start(self, task: str, total: int) -> None:
        """A task of ``total`` pieces begins; one of the same name replaces the former."""
        ...

    def advance(self, task: str, n: int = 1) -> None:
        """``n`` more pieces of a task are done."""
        ...

    def note(self, text: str) -> None:
        """A sentence for people."""
        ...


class SilentProgress:
    """Hears nothing."""

    def start(self, task: str, total: int) -> None:
        """Ignore it."""

    def advance(self, task: str, n: int = 1) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""
