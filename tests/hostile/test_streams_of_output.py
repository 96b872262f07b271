"""Wherever stdout and stderr lead, a command does its work, and its exit code means what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline import SILENT, make_corpus, settings

from diffex_cli.search import search

ROOT = Path(__file__).parent.parent.parent
DIFFEX = f"{sys.executable} -m diffex_cli"
NAMES = """\
schema: diffex.corpus/1
domain: shapes
nodes:
- name: größte Fläche → Ω
- name: shadow
"""
STATES = {
    "stdout closed": "{command} >&-",
    "stdout full": "{command} >/dev/full",
    "stdout without a reader": "{{ {command}; echo $? >code; }} | true",
    "stderr closed": "{command} 2>&-",
    "stderr full": "{command} 2>/dev/full",
    "both closed": "{command} >&- 2>&-",
    "both full": "{command} >/dev/full 2>&1",
    "all closed": "{command} <&- >&- 2>&-",
}


def shell(line: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    environment = {**os.environ, "PYTHONPATH": path, **variables}
    return subprocess.run(["bash", "-c", line], capture_output=True, env=environment, check=False)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished search of an attribute whose name is not ASCII."""
    root = tmp_path_factory.mktemp("streams")
    make_corpus(root)
    (root / "hierarchy.yaml").write_text(NAMES, encoding="utf-8")
    given = settings(root, target="red")
    (root / "run" / "corpus.yaml").unlink()
    from diffex_cli.corpus import corpus

    corpus.run(given, SILENT)
    search.run(given, SILENT)
    return root / "run"


@pytest.mark.parametrize(
    ("gate", "code", "state"), [("shadow=1e9", 0, "all closed"), *(("shadow=0", 4, state) for state in STATES)]
)
def test_a_gate_keeps_its_exit_code(run: Path, tmp_path: Path, gate: str, code: int, state: str) -> None:
    line = f"cd {tmp_path}; " + STATES[state].format(command=f"{DIFFEX} check {run} --max {gate}")
    done = shell(line)
    found = int((tmp_path / "code").read_text()) if "code" in line.split("echo")[-1] else done.returncode
    assert found == code, done
    assert b"Traceback" not in done.stdout + done.stderr
    assert b"Exception ignored" not in done.stdout + done.stderr


def test_a_report_is_written_whatever_becomes_of_its_words(run: Path) -> None:
    page = run / "report" / "index.html"
    assert shell(f"{DIFFEX} report {run} >&- 2>&-").returncode == 0
    page.unlink()
    assert shell(f"{DIFFEX} report {run} >/dev/full").returncode == 0
    assert page.exists()


@pytest.mark.parametrize(
    "variables", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
def test_what_an_encoding_lacks_is_escaped(run: Path, variables: dict[str, str]) -> None:
    done = shell(f"{DIFFEX} report {run} --terminal", **variables)
    assert done.returncode == 0, done.stderr
    assert b"gr\\xf6\\xdfte Fl\\xe4che \\u2192 \\u03a9" in done.stdout
    done = shell(f"{DIFFEX} corpus show {run} --json", **variables)
    assert done.returncode == 0
    assert "größte Fläche → Ω" in str(json.loads(done.stdout.decode("ascii")))


def test_help_and_usage_have_the_same_streams(run: Path) -> None:
    assert shell(f"{DIFFEX} --help >/dev/full").returncode == 0
    assert shell(f"{DIFFEX} --version >&-").returncode == 0
    done = shell(f"{DIFFEX} chek 2>/dev/full")
    assert done.returncode == 2
