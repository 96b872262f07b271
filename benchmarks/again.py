"""``again``: what a command costs that finds everything done, by the number of edits.

Every command runs as the command line in a process of its own, on a made-up run that is finished: nothing is edited,
scored or searched. A report is written anew each time.
"""

from __future__ import annotations

import compileall
import dataclasses
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.log import log
from benchmarks.machine import environment
from benchmarks.markdown import table
from benchmarks.memory import Build
from benchmarks.workload import Pairs
from diffex_cli.artifacts.instructions import instructions
from diffex_cli.artifacts.rows import EditRow, RequestRow
from diffex_cli.artifacts.schemas import EDITS
from diffex_cli.artifacts.tables import make_table
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.core.settings import Settings
from diffex_cli.measure.session import Session

JOBS = (Pairs(100, 99), Pairs(250, 199))
"""Each attribute and the reconstruction on every image: 10,000 and 50,000 edits."""
COMMANDS = {
    "search": ("search",),
    "score": ("score",),
    "edit": ("edit",),
    "edit --requests": ("edit", "--requests"),
    "report": ("report",),
    "check": ("check", "run", "--max", "attribute-0=1000"),
    "compare": ("compare", "run", "copy"),
}
REPEATS = 3
SIDE = 64

_OURS = Path(__file__).parents[1]
_EDITOR = "external:made-up"
_CLASSIFIER = """\
import numpy as np

LABELS = [f"class {i}" for i in range(10)]


def logits(pictures):
    return np.stack([np.resize(np.asarray(picture)[0].ravel(), 10) / 64 for picture in pictures]).astype(float)
"""
_MAIN = """\
import importlib.metadata
(command,) = importlib.metadata.entry_points(group="console_scripts", name="diffex")
command.load()()
"""


def again(jobs: Sequence[Pairs] = JOBS, before: Path | None = None) -> str:
    """Time every command on a run of every size, as Markdown.

    Args:
        before: a checkout of an earlier diffex, to be measured beside this one.
    """
    lines = []
    builds = [Build("this", _OURS)] + ([] if before is None else [Build("before", before)])
    for build in builds:  # as an installation does
        compileall.compile_dir(build.folder / "diffex_cli", quiet=1)
    for pairs in jobs:
        with tempfile.TemporaryDirectory(prefix="diffex-bench-") as name:
            folder = Path(name)
            finished_run(folder, pairs)
            shutil.copytree(folder / "run", folder / "copy")
            for build in builds:
                log(f"again: {build.name}, {pairs}")
                shutil.rmtree(folder / f"cache-{build.name}", ignore_errors=True)  # making the run has filled one
                seconds = [_diffex(build, folder, *COMMANDS["search"])]
                for name, arguments in COMMANDS.items():
                    times = 1 if name == "report" else REPEATS
                    seconds.append(min(_diffex(build, folder, *arguments) for _ in range(times)))
                page = (folder / "run" / "report" / "index.html").stat().st_size
                edits = pairs.images * (pairs.attributes + 1)
                lines.append((build.name, f"{edits:,}", *(f"{one:.1f}" for one in seconds), f"{page / 1e6:.1f}"))
    header = ("build", "edits", "first `search`", *(f"`{name}`" for name in COMMANDS), "page, MB")
    note = (
        f"Processor seconds, of a run in which all is done, the least of {REPEATS} runs; pictures of "
        f"{SIDE} × {SIDE} pixels. The *first* search has an empty cache: it looks at every picture. `report` runs once "
        "and writes all its files again; *page* is what it writes without the pictures, which are beside it. `compare` "
        "compares the run with its copy."
    )
    return f"{table(header, lines)}\n\n{note}\n\n{environment()}"


def finished_run(folder: Path, pairs: Pairs) -> None:
    """Write ``run`` into a folder: edits of a program that is not there, scored and searched."""
    (folder / "made_up.py").write_text(_CLASSIFIER, encoding="utf-8")
    names = "".join(f"- name: attribute {i}\n" for i in range(pairs.attributes))
    (folder / "made_up.yaml").write_text(f"schema: diffex.corpus/1\ndomain: none\nnodes:\n{names}", encoding="utf-8")
    (folder / "pictures").mkdir()
    pictures = _pictures()
    for i in range(pairs.images):
        next(pictures).save(folder / "pictures" / f"{i}.png")
    ours, about = Build("this", _OURS), ("--corpus-file", "made_up.yaml", "--images", "pictures")
    _diffex(ours, folder, "corpus", "--domain", "none", *about)
    session = Session(Settings(run=folder / "run", editor=_EDITOR))
    candidates = [RECONSTRUCTION, *(root.candidate for root in session.corpus.roots)]
    requests = session.requests((one, tuple(session.images)) for one in candidates)
    made = (0, None, "ok", None, 0.5, 0.5, 0.1)
    rows = [dataclasses.asdict(EditRow(one.key, one.image, one.candidate.id, _EDITOR, *made)) for one in requests]
    for row in rows:
        row["file"] = session.run.save_edited(next(pictures))
    session.run.edit_parts.write(make_table(EDITS, rows), {})
    files = {key: image.file for key, image in session.images.items()}
    asked = [
        RequestRow(one.key, one.image, files[one.image], one.candidate.id, instructions(one.candidate), _EDITOR, 0)
        for one in requests
    ]
    session.run.write_requests(asked, {})
    search = ("--algorithm", "exhaustive", "--holdout", "off", "--target", "class 1", "--editor", _EDITOR)
    _diffex(ours, folder, "search", *search, "--classifier", "python:made_up:logits")


def _pictures() -> Iterator[Image.Image]:
    """No two alike: a texture in another light, and noise along its first row."""
    random = np.random.default_rng(0)
    texture = random.integers(0, 8, (SIDE, SIDE, 3))
    while True:
        pixels = texture * 8 + random.integers(0, 192, 3)
        pixels[0] = random.integers(0, 256, (SIDE, 3))
        yield Image.fromarray(pixels.astype(np.uint8))


def _diffex(build: Build, folder: Path, *arguments: str) -> float:
    """Run a command in a process of its own; returns its processor seconds."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DIFFEX_")}
    own = {"PYTHONPATH": str(build.folder), "DIFFEX_CACHE": str(folder / f"cache-{build.name}"), "DIFFEX_RUN": "run"}
    own["XDG_STATE_HOME"] = str(folder / "state")
    started = _children()
    done = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-c", _MAIN, *arguments],
        cwd=folder,
        env={**inherited, **own},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"diffex {' '.join(arguments)} exited with {done.returncode}: {done.stderr}")
    return _children() - started


def _children() -> float:
    """Processor seconds of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
