"""A reader's shell: a real one, in which ``diffex`` is this process, so that its libraries are imported once."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from diffex_cli.commands.main import app

MOST_COMMANDS = 60  # a loop that does not end is a failure, not a hang
_DIFFEX = """\
import json, os, socket, sys
with socket.create_connection(("127.0.0.1", {port})) as connection:
    call = {{"words": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}}
    connection.sendall(json.dumps(call).encode() + b"\\n")
    answer = json.loads(connection.makefile("rb").readline())
sys.stdout.buffer.write(answer["stdout"].encode())
sys.stderr.buffer.write(answer["stderr"].encode())
raise SystemExit(answer["code"])
"""
# what a line ends with, unless the script itself looks at it
_NOTE_FAILURES = """trap 'printf "%s\\t%s\\n" "$?" "$BASH_COMMAND" >> "$FAILURES"' ERR\n"""


@dataclasses.dataclass(frozen=True)
class Ran:
    """What became of a script.

    Attributes:
        code: with which the shell itself ended; 0 unless the script says ``exit``.
        failures: command → its exit code, of those that did not end with 0 where nothing in the script asks.
        called: the arguments and the exit code of every ``diffex``.
        output: all that was printed.
    """

    code: int
    failures: Mapping[str, int]
    called: tuple[tuple[tuple[str, ...], int], ...]
    output: str


def run(script: str, folder: Path, environment: Mapping[str, str]) -> Ran:
    """Runs a script in ``folder``, with these variables besides the few that a shell needs."""
    tools = folder.parent / f"{folder.name}-tools"
    tools.mkdir()
    called: list[tuple[tuple[str, ...], int]] = []
    with socket.create_server(("127.0.0.1", 0)) as server, (tools / "output").open("wb") as output:
        server.settimeout(0.05)
        _tool(tools / "diffex", f"exec {sys.executable} -I {tools}/diffex.py")
        _tool(tools / "python", f"exec {sys.executable}")
        (tools / "diffex.py").write_text(_DIFFEX.format(port=server.getsockname()[1]))
        shell = subprocess.Popen(
            ["bash", "-c", f"{_NOTE_FAILURES}{script}\n:"],
            cwd=folder,
            env={**environment, "PATH": f"{tools}:{os.environ['PATH']}", "FAILURES": f"{tools}/failures"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while shell.poll() is None:
                with contextlib.suppress(TimeoutError):
                    connection, _ = server.accept()
                    with connection:
                        connection.settimeout(None)
                        called.append(_answer(connection))
                assert len(called) <= MOST_COMMANDS, (tools / "output").read_text()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)  # servers in the background too
            shell.wait()
    noted = tools / "failures"
    lines = [line.partition("\t") for line in noted.read_text().splitlines()] if noted.exists() else []
    failures = {command: int(code) for code, _, command in lines}
    return Ran(shell.returncode, failures, tuple(called), (tools / "output").read_text())


def _tool(path: Path, command: str) -> None:
    path.write_text(f'#!/bin/sh\n{command} "$@"\n')
    path.chmod(0o755)


def _answer(connection: socket.socket) -> tuple[tuple[str, ...], int]:
    call = json.loads(connection.makefile("rb").readline())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(call["folder"])
        patch.setattr(sys, "path", sys.path.copy())  # python:MODULE looks into the current folder
        for name in os.environ.keys() - call["environment"].keys():
            patch.delenv(name)
        for name, value in call["environment"].items():
            patch.setenv(name, value)
        result = CliRunner().invoke(app, call["words"], prog_name="diffex")
    answer = {"code": result.exit_code, "stdout": result.stdout, "stderr": result.stderr}
    connection.sendall(json.dumps(answer).encode() + b"\n")
    return tuple(call["words"]), result.exit_code
