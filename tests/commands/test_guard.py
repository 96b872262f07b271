from __future__ import annotations

import os
import signal
import time

import pytest
import typer
from typer.testing import CliRunner

from diffex_cli.commands.errors import DEBUG, guarded
from diffex_cli.core.errors import DiffexError, GateError, IncompleteError, UsageError


def end_with(error: BaseException, *arguments: str) -> tuple[int, str]:
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.callback()
    def options(debug: bool = False) -> None:
        DEBUG.set(debug)

    @app.command()
    @guarded
    def fail() -> None:
        raise error

    result = CliRunner().invoke(app, [*arguments, "fail"])
    assert result.stdout == ""
    return result.exit_code, result.stderr


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (DiffexError("it broke"), 1, "Error: it broke\n"),
        (UsageError("--beam is bad"), 2, "Error: --beam is bad\n"),
        (IncompleteError("run edit"), 3, "Error: run edit\n"),
        (GateError("not passed"), 4, "Error: not passed\n"),
        (OSError(28, "No space left on device", "run/x"), 1, "Error: No space left on device: run/x\n"),
        (ModuleNotFoundError("No module named 'timm'", name="timm"), 1, "Error: the Python package 'timm' is missing"),
        (MemoryError(), 1, "Error: out of memory"),
        (
            ZeroDivisionError("division\nby zero"),
            1,
            "Error: unexpected ZeroDivisionError: division by zero (`diffex --debug",
        ),
        (
            KeyboardInterrupt(),
            130,
            "interrupted: what was finished is kept, and the same command continues from there\n",
        ),
    ],
)
def test_a_sentence_and_a_code(error: BaseException, code: int, sentence: str) -> None:
    found, stderr = end_with(error)
    assert found == code
    assert stderr.startswith(sentence)
    assert stderr.count("\n") == 1


def test_debug_shows_the_traceback() -> None:
    code, stderr = end_with(UsageError("--beam is bad"), "--debug")
    assert code == 2
    assert stderr.startswith("Traceback")
    assert stderr.endswith("Error: --beam is bad\n")


def test_an_exit_passes() -> None:
    assert end_with(typer.Exit(3)) == (3, "")


def test_a_second_interrupt_does_not_disturb_the_saving(capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    saved = []

    @guarded
    def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)
            saved.append(True)

    with pytest.raises(typer.Exit) as caught:
        work()
    assert caught.value.exit_code == 130
    assert saved == [True]
    assert "still saving" in capfd.readouterr().err
    assert signal.getsignal(signal.SIGINT) == before
