"""What the soak works on: five small pictures, a hierarchy, a classifier of colours, and a tiny diffusion model."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

REPOSITORY = Path(__file__).parents[2]
CLASSIFIER = ("--classifier", "python:colours:logits")
TINT = ("--editor", "tint:")
LEDITS = ("--editor", "ledits:tiny:steps=4,start=700,warmup=0", "--device", "cpu")
_COLOURS = """\
import numpy as np
LABELS = ("red", "green", "blue")

def logits(pictures):
    return np.stack([np.asarray(picture, dtype=np.float64).mean(axis=(0, 1)) / 25.5 for picture in pictures])
"""
_HIERARCHY = """\
schema: diffex.corpus/1
domain: shapes
nodes:
- name: surface
  children:
  - name: rough
    children:
    - name: very rough
    - name: a little rough
  - name: smooth
- name: edge
  children:
  - name: sharp
- name: shadow
- name: nothing
  placebo: true
  overrides: {strength: 0.0}
"""


class Place:
    """A folder with the inputs, a run directory that has its corpus only, and one that is finished. Made once."""

    def __init__(self, work: Path) -> None:
        self.work = work.resolve()
        self.fresh, self.finished = self.work / "fresh", self.work / "finished"
        if not (self.work / "made").exists():
            self._make()

    def copy(self, of: Path, name: str) -> Path:
        """A copy of a run directory that a command may do anything to."""
        to = self.work / name
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(of, to)
        return to

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Begin a command, in this folder; what it prints is kept in pipes, which hold a short run's."""
        path = os.pathsep.join([str(REPOSITORY), str(self.work)])
        own = {name: str(self.work / name) for name in ("DIFFEX_CACHE", "XDG_STATE_HOME")}
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-X", "faulthandler", "-m", "diffex_cli", *words],
            cwd=self.work,
            env={**os.environ, **own, "PYTHONPATH": path, "HF_HUB_OFFLINE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        with self.start(*words) as process:
            out, err = process.communicate()
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def _make(self) -> None:
        from benchmarks.tiny import tiny_sd

        (self.work / "pictures").mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(0)
        for number in range(5):
            pixels = random.integers(0, 256, (16, 20, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(self.work / "pictures" / f"{number}.png")
        (self.work / "hierarchy.yaml").write_text(_HIERARCHY)
        (self.work / "colours.py").write_text(_COLOURS)
        tiny_sd().save_pretrained(self.work / "tiny")
        for run in (self.fresh, self.finished):
            shutil.rmtree(run, ignore_errors=True)
            self._must("corpus", *corpus_of(run.name))
        self._must("search", *search_of("finished"))
        self._must("report", "finished")
        (self.work / "made").touch()

    def _must(self, *words: str) -> None:
        done = self.run(*words)
        if done.returncode:
            raise SystemExit(f"error: diffex {' '.join(words)}: {done.stderr}")


def corpus_of(run: str) -> tuple[str, ...]:
    return ("--domain", "shapes", "--corpus-file", "hierarchy.yaml", "--images", "pictures", "--run", run)


def search_of(run: str) -> tuple[str, ...]:
    return ("--run", run, *CLASSIFIER, *TINT, "--beam", "2", "--delta", "0.05")
