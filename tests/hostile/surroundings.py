"""A finished run in a folder with other things, and what became of them."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import shutil
import signal
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline import SILENT, make_corpus
from typer.testing import CliRunner, Result

from diffex_cli.commands.main import app
from diffex_cli.search import search

CLASSIFIER = ("--classifier", "python:colour_classifier:logits")
EDITOR = ("--editor", "tint:")
BACKENDS = (*CLASSIFIER, *EDITOR)
"""Given anew: those of a run directory are not taken on trust."""
_HANGS = 60


@dataclasses.dataclass(frozen=True)
class Place:
    """``root`` holds the inputs, ``outside`` what is nobody's business here, and the run."""

    root: Path

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def outside(self) -> Path:
        return self.root / "outside"

    def state(self, *, of_run: bool = False) -> dict[str, str]:
        """Every path around the run, and in it if wanted, with a digest of what is there."""
        found = {}
        for folder, folders, files in os.walk(self.root):
            if not of_run and "run" in folders and Path(folder) == self.root:
                folders.remove("run")
            for name in (*folders, *files):
                path = Path(folder, name)
                found[path.relative_to(self.root).as_posix()] = _digest(path)
        return found


def make_place(root: Path) -> Path:
    """A finished run, searched for two targets, so that one result is kept."""
    root.mkdir()
    made = make_corpus(root)
    for target in ("red", "green"):
        search.run(dataclasses.replace(made, target=target), SILENT)
    (root / "outside").mkdir()
    (root / "outside" / "letter.txt").write_text("private")
    (root / "outside" / ".letter.txt.swp.tmp").write_text("another program's")
    return root


def copy_of(made: Path, to: Path) -> Place:
    shutil.copytree(made, to, symlinks=True)
    return Place(to)


def diffex(*arguments: object) -> Result:
    """A command that is stopped if it waits for ever."""

    def give_up(_number: int, _frame: object) -> None:
        raise AssertionError(f"diffex {' '.join(map(str, arguments))} hangs")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(_HANGS)
    try:
        return CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "500"})
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def told(result: Result) -> str:
    """What a person reads on stderr, on one line; never the name of an exception."""
    text = " ".join(re.sub(r"[│╭╰╮╯─]", " ", result.stderr).split())
    assert "unexpected" not in text, text
    assert "Traceback" not in text, text
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return text


@contextmanager
def unchanged(place: Place, *, of_run: bool = False) -> Iterator[None]:
    before = place.state(of_run=of_run)
    yield
    assert place.state(of_run=of_run) == before


def to_link(path: Path, outside: Path) -> None:
    """Move what is there outside, and leave a link to it."""
    target = outside / "-".join(path.parts[-2:])
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        shutil.move(path, target)
    else:
        target.mkdir()
        (target / "letter.txt").write_text("private")
    path.symlink_to(target)


def to_broken_link(path: Path, outside: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(outside / "made by nobody")


def to_fifo(path: Path, _outside: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def to_folder(path: Path, _outside: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


KINDS: dict[str, Callable[[Path, Path], None]] = {
    "a link": to_link,
    "a broken link": to_broken_link,
    "a FIFO": to_fifo,
    "a folder": to_folder,
}


def _digest(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link to {path.readlink()}"
    if not stat.S_ISREG(mode):
        return str(stat.S_IFMT(mode))
    return hashlib.sha256(path.read_bytes()).hexdigest()
