"""What only a process of its own can show: descriptors, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline import make_corpus

NOISY = """\
import atexit, os, subprocess, sys
from colour_classifier import LABELS, logits as colours
print("python at import")
atexit.register(print, "at the end")

class Late:
    def __del__(self):
        os._exit(134)

LATE = Late()

def logits(pictures):
    os.write(1, b"by descriptor\\n")
    subprocess.run([sys.executable, "-c", "print('by a child')"], check=True)
    sys.stdout.write("without an end of line")
    return colours(pictures)

def closing(pictures):
    sys.stdout.close()
    return colours(pictures)
"""


def diffex(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(root), str(Path(__file__).parents[1]), str(Path(__file__).parents[2])])
    command = [sys.executable, "-m", "diffex_cli", *words]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=root, timeout=120, env={**os.environ, "PYTHONPATH": path}
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("process")
    (root / "noisy.py").write_text(NOISY)
    make_corpus(root)
    return root


def test_prints_of_all_kinds_leave_the_json_alone(root: Path) -> None:
    result = diffex(root, "classify", "pictures", "--classifier", "python:noisy:logits", "--json")
    assert result.returncode == 0, result.stderr
    assert len(json.loads(result.stdout.removesuffix("at the end\n"))["images"]) == 5
    for said in ("python at import", "by descriptor", "by a child", "without an end of line"):
        assert said in result.stderr
    # what is registered to be done at the end is done; what an interpreter that goes down sets off does not happen
    assert result.stdout.endswith("}\nat the end\n")


def test_a_plugin_that_closes_stdout_takes_no_result_away(root: Path) -> None:
    result = diffex(root, "classify", "pictures", "--classifier", "python:noisy:closing", "--json")
    assert (result.returncode, len(json.loads(result.stdout.removesuffix("at the end\n"))["images"])) == (0, 5)
    assert "Traceback" not in result.stderr
