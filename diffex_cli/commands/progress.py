"""Progress on stderr: bars on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from diffex_cli.core.printable import printable
from diffex_cli.core.progress import whole

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_EVERY = 60.0
"""Seconds between two lines of a log."""


class TerminalProgress:
    """Shows a stage's progress, as :class:`diffex_cli.core.progress.Progress` and
    :class:`diffex_cli.core.progress.ForeseeingProgress` tell of it.

    A context manager. Bars, and above them how far the whole is, only where stderr is a terminal; elsewhere a line
    every minute. Notes in both, nothing if quiet.

    Args:
        clock: seconds, of which only differences count.
    """

    def __init__(self, quiet: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._quiet = quiet
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}
        self._log = _Log(clock)
        self._clock = clock
        self._phase, self._end = "", None  # type: str, float | None

    def __enter__(self) -> Self:
        if not self._quiet and sys.stderr.isatty():
            self._bars = _bars(self._whole)
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._phase, self._end = "", None
            self._bars.stop()
            self._bars = None

    def start(self, task: str, total: int) -> None:
        """Begin a task of ``total`` pieces; beginning one of the same name again replaces it."""
        if self._bars is None:
            self._log.start(task, total)
        elif task in self._tasks:
            self._bars.reset(self._tasks[task], total=total)
        else:
            self._tasks[task] = self._bars.add_task(printable(task), total=total)

    def advance(self, task: str, n: int = 1) -> None:
        """Tell that ``n`` more pieces of a task are done."""
        if self._bars is None:
            self._write(self._log.advance(task, n, self._whole()))
        elif task in self._tasks:
            self._bars.advance(self._tasks[task], n)

    def foresee(self, phase: str, seconds: float | None) -> None:
        """Tell what phase the stage is in, and how long the rest will take."""
        is_new, self._phase = phase != self._phase, phase
        self._end = None if seconds is None else self._clock() + seconds
        if self._bars is None:
            self._write(self._log.foresee(self._whole()))
        elif is_new:
            self._bars.refresh()

    def note(self, text: str) -> None:
        """Print a line, above the bars if there are any."""
        if self._bars is not None:
            self._bars.console.print(printable(text), markup=False, highlight=False)
        else:
            self._write(text)

    def _whole(self) -> str:
        left = None if self._end is None else max(0.0, self._end - self._clock())
        return printable(whole(self._phase, left))

    def _write(self, line: str | None) -> None:
        if line is not None and not self._quiet:
            sys.stderr.write(f"{printable(line)}\n")
            sys.stderr.flush()


class _Log:
    """Says what to write into a log, and when: a line a minute, whatever happens how often."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._last = clock, clock()
        self._done: dict[str, int] = {}
        self._total: dict[str, int] = {}
        self._task = ""
        self._lock = threading.Lock()

    def start(self, task: str, total: int) -> None:
        with self._lock:
            self._task = task
            self._done[task], self._total[task] = 0, total

    def advance(self, task: str, n: int, whole: str) -> str | None:
        with self._lock:
            self._done[task] = self._done.get(task, 0) + n
        return self.foresee(whole)

    def foresee(self, whole: str) -> str | None:
        """The line that is due, if one is."""
        with self._lock:
            if not self._task or self._clock() - self._last < _EVERY:
                return None
            self._last = self._clock()
            count = f"{self._task} {self._done[self._task]} of {self._total[self._task]}"
            return f"{count}; {whole}" if whole else count


def _bars(whole: Callable[[], str]) -> Bars:
    """Rich's bars, below a line that tells of the whole."""
    from rich import progress
    from rich.console import Console, RenderableType
    from rich.text import Text

    class Below(progress.Progress):
        def get_renderables(self) -> list[RenderableType]:
            line = whole()
            return [*([Text(line)] if line else []), *super().get_renderables()]

    return Below(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
        console=Console(stderr=True),
    )
