"""How a stage tells what it is doing, without knowing to whom."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


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


@runtime_checkable
class ForeseeingProgress(Protocol):
    """A :class:`Progress` that also hears when all will be done. Optional."""

    def foresee(self, phase: str, seconds: float | None) -> None:
        """A stage is in a phase, e.g. ``level 2 of at most 3`` (empty if it has none), and will take about so many more
        seconds; ``None`` while nobody knows. Heard whenever it may have changed."""
        ...


def whole(phase: str, seconds: float | None) -> str:
    """The same for people: ``level 2 of at most 3, about 4 min left``; empty if nothing is known."""
    return ", ".join(filter(None, (phase, "" if seconds is None else f"{_about(seconds)} left")))


def _about(seconds: float) -> str:
    """No more exact than it is meant."""
    if seconds < 8:
        return "a few seconds"
    if seconds < 90:
        step = 5 if seconds < 30 else 10
        return f"about {step * round(seconds / step)} s"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.1f} h"


class SilentProgress:
    """Hears nothing."""

    def start(self, task: str, total: int) -> None:
        """Ignore it."""

    def advance(self, task: str, n: int = 1) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""
