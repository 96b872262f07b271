"""Progress of a benchmark, on stderr: the tables are what stdout is for."""

from __future__ import annotations

import sys
import time

_STARTED = time.perf_counter()


def log(text: str) -> None:
    """One line with the seconds since the start."""
    sys.stderr.write(f"[{time.perf_counter() - _STARTED:6.0f} s] {text}\n")
    sys.stderr.flush()


class LoggedProgress:
    """A stage's :class:`~diffex_cli.core.progress.Progress` as a line for every tenth of a task."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._totals: dict[str, int] = {}
        self._done: dict[str, int] = {}

    def start(self, task: str, total: int) -> None:
        """See :meth:`diffex_cli.core.progress.Progress.start`."""
        self._totals[task], self._done[task] = total, 0

    def advance(self, task: str, n: int = 1) -> None:
        """See :meth:`diffex_cli.core.progress.Progress.advance`."""
        total, before = max(self._totals.get(task, 0), 1), self._done.get(task, 0)
        self._done[task] = before + n
        if (before + n) * 10 // total > before * 10 // total:
            log(f"{self._prefix}: {task} {before + n}/{total}")

    def note(self, text: str) -> None:
        """See :meth:`diffex_cli.core.progress.Progress.note`."""
        log(f"{self._prefix}: {text}")
