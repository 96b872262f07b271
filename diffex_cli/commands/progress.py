"""Progress bars on stderr."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class TerminalProgress:
    """Shows a stage's progress, as :class:`diffex_cli.core.progress.Progress` asks for it.

    A context manager. Bars only where stderr is a terminal, notes also elsewhere, neither if quiet.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        if not self._quiet and sys.stderr.isatty():
            from rich import progress
            from rich.console import Console

            self._bars = progress.Progress(
                progress.TextColumn("{task.description}"),
                progress.BarColumn(),
                progress.MofNCompleteColumn(),
                progress.TimeElapsedColumn(),
                progress.TextColumn("left"),
                progress.TimeRemainingColumn(),
                console=Console(stderr=True),
            )
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def start(self, task: str, total: int) -> None:
        """Begin a task of ``total`` pieces; beginning one of the same name again replaces it."""
        if self._bars is None:
            return
        if task in self._tasks:
            self._bars.reset(self._tasks[task], total=total)
        else:
            self._tasks[task] = self._bars.add_task(task, total=total)

    def advance(self, task: str, n: int = 1) -> None:
        """Tell that ``n`` more pieces of a task are done."""
        if self._bars is not None and task in self._tasks:
            self._bars.advance(self._tasks[task], n)

    def note(self, text: str) -> None:
        """Print a line, above the bars if there are any."""
        if self._bars is not None:
            self._bars.console.print(text, markup=False, highlight=False)
        elif not self._quiet:
            sys.stderr.write(f"{text}\n")
