"""``memory``: the most memory that the stages take which read or write scores, by the number of classes.

Every stage runs as the command line in a process of its own. The pictures are noise, tinted, and so are the scores:
what is measured is how they are kept.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.log import log
from benchmarks.machine import environment
from benchmarks.markdown import table
from benchmarks.workload import Pairs

SMALL, LARGE = Pairs(16, 16), Pairs(84, 16)
JOBS = ((1000, SMALL), (21841, SMALL), (21841, LARGE))
"""Classes, and images with attributes."""
_FEW = 10
"""Classes whose scores take no memory to speak of: what is left is the libraries and the pictures."""
STAGES = ("score", "search", "report", "compare")

_OURS = Path(__file__).parents[1]
_CLASSIFIER = """\
import zlib

import numpy as np

LABELS = [f"class {{i}}" for i in range({classes})]


def logits(pictures):
    seeds = (zlib.crc32(picture.tobytes()) for picture in pictures)
    return np.stack([np.random.default_rng(seed).normal(size=len(LABELS)) for seed in seeds])
"""
# ru_maxrss of a process counts what its parent had when it was started
_PEAK = """\
import atexit, importlib.metadata, pathlib

@atexit.register
def keep():
    status = pathlib.Path("/proc/self/status").read_text()
    pathlib.Path("peak").write_text(status.split("VmHWM:")[1].split()[0])

(command,) = importlib.metadata.entry_points(group="console_scripts", name="diffex")
command.load()()
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Build:
    """A diffex to measure: its name, and the folder that holds the package."""

    name: str
    folder: Path


def memory(jobs: Sequence[tuple[int, Pairs]] = JOBS, before: Path | None = None) -> str:
    """Measure every stage of every job, as Markdown. Linux only.

    Args:
        before: a checkout of an earlier diffex, to be measured too, in the jobs as small as the first: it took 26 GB
            for the largest.
    """
    lines = _lines(Build("this", _OURS), jobs)
    if before is not None:
        lines += _lines(Build("before", before), [job for job in jobs if job[1] == jobs[0][1]])
    header = ("build", "pictures", "classes", "logits as float32, MB", *STAGES)
    note = (
        f"The most resident memory in MB; in brackets what is added to that of {_FEW} classes, in times the logits as "
        "float32. `compare` has those of two runs. Where the logits are few, the factor is that of the constant: a "
        "batch in float64, and what the libraries load to read scores at all."
    )
    return f"{table(header, lines)}\n\n{note}\n\n{environment()}"


def _lines(build: Build, jobs: Sequence[tuple[int, Pairs]]) -> list[tuple[str, ...]]:
    lines, least = [], {}
    for pairs in dict.fromkeys(pairs for _, pairs in jobs):
        pictures = pairs.images * (pairs.attributes + 2)
        for classes in (_FEW, *(number for number, some in jobs if some == pairs)):
            log(f"memory: {build.name}, {pictures} pictures, {classes} classes")
            peaks, size = _peaks(build, classes, pairs), pictures * classes * 4
            if classes == _FEW:
                least = peaks
            cells = []
            for stage, peak in peaks.items():
                more = "" if classes == _FEW else f" ({(peak - least[stage]) / size:.1f} ×)"
                cells.append(f"{peak / 1e6:,.0f}{more}")
            lines.append((build.name, f"{pictures:,}", f"{classes:,}", f"{size / 1e6:.1f}", *cells))
    return lines


def _peaks(build: Build, classes: int, pairs: Pairs) -> dict[str, int]:
    """Stage → bytes."""
    with tempfile.TemporaryDirectory(prefix="diffex-bench-") as name:
        folder = Path(name)
        _write_inputs(folder, classes, pairs)
        about = ("--domain", "noise", "--corpus-file", "noise.yaml", "--images", "pictures")
        search = ("--algorithm", "exhaustive", "--holdout", "off", "--target", "class 1")
        _diffex(build, folder, "corpus", "--run", "run", *about)
        _diffex(build, folder, "edit", "--run", "run", "--editor", "tint:")
        peaks = {"score": _diffex(build, folder, "score", "--run", "run", "--classifier", "python:made_up:logits")}
        peaks["search"] = _diffex(build, folder, "search", "--run", "run", *search)
        peaks["report"] = _diffex(build, folder, "report", "--run", "run")
        shutil.copytree(folder / "run", folder / "again")
        peaks["compare"] = _diffex(build, folder, "compare", "run", "again", "--html", "compared.html")
        return peaks


def _write_inputs(folder: Path, classes: int, pairs: Pairs) -> None:
    (folder / "made_up.py").write_text(_CLASSIFIER.format(classes=classes), encoding="utf-8")
    names = "".join(f"- name: attribute {i}\n" for i in range(pairs.attributes))
    (folder / "noise.yaml").write_text(f"schema: diffex.corpus/1\ndomain: noise\nnodes:\n{names}", encoding="utf-8")
    (folder / "pictures").mkdir()
    random = np.random.default_rng(0)
    for i in range(pairs.images):
        Image.fromarray(random.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(folder / "pictures" / f"{i}.png")


def _diffex(build: Build, folder: Path, *arguments: str) -> int:
    """Run a command in a process of its own; returns the most memory that it took, in bytes."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DIFFEX_")}
    done = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-c", _PEAK, *arguments],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(build.folder), "DIFFEX_CACHE": str(folder / "cache")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"diffex {' '.join(arguments)} exited with {done.returncode}: {done.stderr}")
    return int((folder / "peak").read_text(encoding="utf-8")) * 1024
