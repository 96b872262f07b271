"""Progress for programs: one line on stderr."""

from __future__ import annotations

import sys
import threading

from diffex_cli.core.printable import printable
from diffex_cli.core.progress import Progress, SilentProgress, whole


def terminal_progress() -> Progress:
    """A line that counts if stderr is a terminal; silence otherwise."""
    return LineProgress() if sys.stderr.isatty() else SilentProgress()


class LineProgress:
    """Writes ``edit 12/48`` and what is known of the whole over itself; the last task to move is the one that is
    shown."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: dict[str, int] = {}
        self._total: dict[str, int] = {}
        self._whole = ""

    def start(self, task: str, total: int) -> None:
        """A task of ``total`` pieces begins."""
        with self._lock:
            self._done[task], self._total[task] = 0, total
            self._show(task)

    def advance(self, task: str, n: int = 1) -> None:
        """``n`` more pieces are done; the line of a finished task stays."""
        with self._lock:
            self._done[task] = self._done.get(task, 0) + n
            self._show(task, "\n" if self._done[task] == self._total.get(task) else "")

    def foresee(self, phase: str, seconds: float | None) -> None:
        """Shown with the next piece that is done."""
        self._whole = whole(phase, seconds)

    def note(self, text: str) -> None:
        """Write a line."""
        with self._lock:
            sys.stderr.write(f"\r\x1b[K{printable(text)}\n")

    def _show(self, task: str, end: str = "") -> None:
        count = f"{task} {self._done[task]}/{self._total.get(task, '?')}"
        sys.stderr.write(f"\r\x1b[K{printable(count)}{f'; {printable(self._whole)}' if self._whole else ''}{end}")
        sys.stderr.flush()
