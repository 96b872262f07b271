"""The line that counts, where somebody looks at it."""

import io
import sys

import pytest

from diffex_cli.core.progress import SilentProgress
from diffex_cli.python.progress import LineProgress, terminal_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_a_line_that_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    progress = terminal_progress()
    assert isinstance(progress, LineProgress)
    progress.start("edit", 3)
    progress.advance("edit")
    progress.note("level 1")
    progress.foresee("level 2 of at most 3", 170)
    progress.advance("edit", 2)
    progress.advance("unheard of")
    written = terminal.getvalue().split("\r\x1b[K")
    known = "; level 2 of at most 3, about 3 min left"
    assert written == ["", "edit 0/3", "edit 1/3", "level 1\n", f"edit 3/3{known}\n", f"unheard of 1/?{known}"]


def test_nobody_else_hears_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(terminal_progress(), SilentProgress)
