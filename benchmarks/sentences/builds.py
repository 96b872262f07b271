"""The builds of diffex that are asked, each in a process of its own, by its real commands."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.sentences.cases import Case
from diffex_cli.artifacts.keys import digest_files
from diffex_cli.core.errors import DiffexError, UsageError

THIS, BEFORE = "this build", "the build before"
HERE = Path(__file__).parents[2]
_WORKER = Path(__file__).with_name("worker.py")
_OF_ONE_BUILD = shutil.ignore_patterns(".lock", "report", "ranking*", "search*", "results", "rankings")
"""What a run directory's edits and scores can do without."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What one build says of one case.

    Attributes:
        sentence: the first one, as it is read.
        named: ids of the attributes that it presents as found, in the order in which it names them.
        claimed: id → effect, in logits, of all that the build presents as found.
        searched: the keys of the images that the effects are means over.
        made: how many edits had to be made for it.
    """

    sentence: str
    named: Sequence[str]
    claimed: Mapping[str, float]
    searched: Sequence[str]
    made: int


class Build:
    """One checkout of diffex. A context manager: it ends the process.

    Args:
        root: the checkout, with the ``.egg-info`` that names its entry points.
        work: its run directories go to ``work/runs`` below the build's name.
        before: edits are copied from this build's run directories, as far as their keys are the same.
    """

    def __init__(self, name: str, root: Path, work: Path, before: Build | None = None) -> None:
        if not (root / "diffex_cli").is_dir():
            raise UsageError(f"--base {root}: there is no diffex_cli in it: name a checkout of diffex")
        if root != HERE and not list(root.glob("*.egg-info")):
            raise UsageError(
                f"--base {root} has no .egg-info, so that its backends would not be found: in that folder, run "
                "`python -c 'from setuptools import setup; setup()' -q egg_info`"
            )
        self.name, self._root = name, root.resolve()
        self._work, self._lender = work.resolve(), before
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Build:
        return self

    def __exit__(self, *error: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()
            self._process = None

    @property
    def sources(self) -> str:
        """A digest of the code and the data that an answer depends on."""
        return digest_files(self._root / "diffex_cli", ("**/*.py", "**/*.yaml", "**/*.safetensors"))[:16]

    def ask(self, case: Case) -> Answer:
        """Search, and read the first sentence.

        Raises:
            DiffexError: a command failed.
        """
        run = self.run_directory(case)
        commands = []
        if self._lender is not None:
            shutil.copytree(
                self._lender.run_directory(case), run, ignore=_OF_ONE_BUILD, dirs_exist_ok=True, copy_function=_copy
            )
        elif not (run / "corpus.yaml").exists():
            commands.append(["corpus", "--run", str(run), "--domain", "birds", "--n-images", str(case.images)])
        asked = ["--editor", case.editor, "--classifier", case.classifier, "--target", case.target]
        commands.append(["search", "--run", str(run), *asked])
        answer = self._answer({"commands": commands, "run": str(run)})
        if "error" in answer:
            raise DiffexError(f"{self.name}, {case.id}: {answer['error']} (see {self._log})")
        return Answer(**answer)

    def run_directory(self, case: Case) -> Path:
        """All classifiers share the edits of one editor on as many images."""
        return self._work / "runs" / self.name.replace(" ", "-") / f"{case.editor.replace(':', '-')}-{case.images}"

    @property
    def _log(self) -> Path:
        return self._work / f"{self.name.replace(' ', '-')}.log"

    def _answer(self, question: Mapping[str, object]) -> dict[str, Any]:
        if self._process is None:
            self._work.mkdir(parents=True, exist_ok=True)
            with self._log.open("a", encoding="utf-8") as log:
                self._process = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-P", str(_WORKER)],
                    env={**os.environ, "PYTHONPATH": str(self._root)},
                    cwd=self._work,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self.__exit__()
            raise DiffexError(f"{self.name} ended without an answer: see {self._log}")
        found: dict[str, Any] = json.loads(line)
        return found


def _copy(source: str, target: str) -> None:
    """Files of a run directory's tables and pictures are written once, so that one that is there is the same."""
    if not Path(target).exists():
        shutil.copy2(source, target)
