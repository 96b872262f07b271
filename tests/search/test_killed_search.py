import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from pipeline import SILENT, make_corpus, texts

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.writers import EditWriter
from diffex_cli.search import search

SCRIPT = """
import sys
from pathlib import Path
from diffex_cli.editors.tint import TintEditor
from diffex_cli.search import search
from pipeline import SILENT, settings

root, log = Path(sys.argv[1]), Path(sys.argv[2])
edit = TintEditor.edit

def logged(self, images, requests, seed):
    for result in edit(self, images, requests, seed):
        with log.open("a") as file:
            file.write(result.key + "\\n")
        yield result

TintEditor.edit = logged
search.run(settings(root, editor="tint::delay=0.02"), SILENT)
"""


def start(root: Path, log: Path) -> subprocess.Popen[bytes]:
    here = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", SCRIPT, str(root), str(log)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": here}, cwd=root)


def edits(log: Path) -> list[str]:
    return log.read_text().split() if log.exists() else []


def wait_for(log: Path, n: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while len(edits(log)) < n:
        assert process.poll() is None, "the search ended before it was killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_killed_three_times_and_repeated(tmp_path: Path) -> None:
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    whole = search.run(make_corpus(tmp_path / "whole"), SILENT)
    root, log = tmp_path / "killed", tmp_path / "log"
    make_corpus(root)
    for n in (5, 20, 33):
        process = start(root, log)
        wait_for(log, n, process)
        process.kill()
        assert process.wait() == -9
    assert start(root, log).wait(timeout=60) == 0
    run = RunDirectory(root / "run")
    assert texts(run.ranking()) == texts(whole.ranking)
    times = Counter(edits(log))
    assert set(times) == set(run.edits())
    assert sum(times.values()) - len(times) <= 3 * EditWriter.rows_a_part
    assert not list((root / "run").rglob("*.tmp"))
