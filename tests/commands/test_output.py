from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path

import numpy as np
import pytest

from diffex_cli.commands.output import Output, as_json
from diffex_cli.commands.progress import TerminalProgress
from diffex_cli.core.columns import Column
from diffex_cli.core.progress import whole


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    effect: float


def test_json_is_strict() -> None:
    data = {
        "a": float("nan"),
        "b": [np.float64("inf"), np.int32(3)],
        "c": Path("x"),
        "d": Row("é", -0.5),
        "e": (None, True),
    }
    assert json.loads(as_json(data)) == {
        "a": None,
        "b": [None, 3],
        "c": "x",
        "d": {"name": "é", "effect": -0.5},
        "e": [None, True],
    }


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (Output(), "for people\n"),
        (Output(quiet=True), "3\n"),
        (Output(json=True), '{\n  "n": 3\n}\n'),
        (Output(json=True, quiet=True), '{\n  "n": 3\n}\n'),
    ],
)
def test_one_result_for_each_reader(output: Output, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    output.result({"n": 3}, "for people", quiet="3")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == (expected, "")


def test_a_table_keeps_brackets_and_long_names_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table({}, [Column("name"), Column("n", right=True)], [("[red]a very long attribute name" * 2, "12")])
    assert "[red]a very long attribute name[red]a very long attribute name  12" in capsys.readouterr().out


def test_notes_and_warnings_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    Output().note("a note")
    Output(quiet=True).note("not heard")
    Output(quiet=True).warnings(["a torn part"])
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "a note\nWarning: a torn part\n")


def test_no_bars_where_stderr_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with TerminalProgress() as progress:
        progress.start("edits", 2)
        progress.advance("edits")
        progress.note("said")
    assert capsys.readouterr().err == "said\n"


def test_a_log_gets_a_line_a_minute_whatever_happens_how_often(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    with TerminalProgress(clock=lambda: now[0]) as progress:
        progress.start("edit", 200)
        for second in range(130):
            now[0] = float(second)
            progress.advance("edit")
            progress.foresee("level 2 of at most 3", 200.0 - second)
    assert capsys.readouterr().err.splitlines() == [
        "edit 61 of 200; level 2 of at most 3, about 2 min left",
        "edit 121 of 200; level 2 of at most 3, about 80 s left",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "level 1"),
        (3, "level 1, a few seconds left"),
        (23, "level 1, about 25 s left"),
        (83, "level 1, about 80 s left"),
        (170, "level 1, about 3 min left"),
        (9000, "level 1, about 2.5 h left"),
    ],
)
def test_what_is_left_is_told_no_more_exactly_than_it_is_known(seconds: float | None, text: str) -> None:
    assert whole("level 1", seconds) == text
    assert whole("", seconds) == text.removeprefix("level 1").removeprefix(", ")


def test_bars_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stderr = Terminal()
    monkeypatch.setattr("sys.stderr", stderr)
    monkeypatch.setenv("TERM", "xterm")
    with TerminalProgress() as progress:
        progress.start("edits", 2)
        progress.start("edits", 4)
        progress.advance("edits", 4)
        progress.advance("unknown")
        progress.foresee("level 2 of at most 3", 170)
        progress.note("a [note]")
    assert "4/4" in stderr.getvalue()
    assert "level 2 of at most 3, about 3 min left" in stderr.getvalue()
    assert "a [note]" in stderr.getvalue()


def test_a_quiet_terminal_stays_empty(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with TerminalProgress(quiet=True) as progress:
        progress.start("edits", 1)
        progress.advance("edits")
        progress.note("hush")
    assert capsys.readouterr().err == ""
