"""What lies inside a run directory: regular files and folders of its own, never what a link or a path leads to.

A run directory may come from anybody. The folder itself may be reached by a link that the user typed; below it no link
is followed, nothing is opened that is no regular file (a FIFO would wait for ever), and no path leads out of it.

Two things are not told apart. A hard link is a regular file, whatever else has the same content. And who can write to
the folder while diffex works in it may swap a file between the look at it and its opening; these checks are for what
lies there when a command begins.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

from diffex_cli.core.errors import IncompleteError, UsageError

MARKS = ("run.yaml", "corpus.yaml", "images.parquet", "search.yaml")
"""Any of these files makes a folder a run directory; one that other programs made may have no run.yaml."""

_FOLDERS = (
    *("images", "edits", "edits/files", "edits/files/*", "scores", "seen", "corpus-answers", "heatmaps", "heatmaps/*"),
    *("report", "report/assets", "report/figures", "results", "results/*"),
    *("results/*/report", "results/*/report/assets", "results/*/report/figures"),
    *("study", "study/*", "study/*/answers", "study/*/asked", "study/*/pictures"),
)
"""Those that diffex keeps in a run directory."""

_KINDS = {
    stat.S_ISLNK: "a link",
    stat.S_ISDIR: "a folder",
    stat.S_ISREG: "a file",
    stat.S_ISFIFO: "a FIFO",
    stat.S_ISSOCK: "a socket",
}


class Inside:
    """The files of one run directory, by paths relative to it.

    Folders on the way that were looked at once are not looked at again.
    """

    def __init__(self, run: Path) -> None:
        self._run = run
        self._folders: set[str] = set()

    def fault(self, relative: str) -> str | None:
        """Why a path is not that of a regular file in the run, as the end of a sentence; ``None`` if it is, or if
        nothing is there."""
        path = PurePosixPath(relative)
        if "\0" in relative or not path.parts:
            return "is no path of a file"
        if path.is_absolute() or ".." in path.parts:
            return "is a path that leaves the run directory"
        try:
            return self._way_fault(path) or self._end_fault(path)
        except UsageError as error:
            return f"is of no use: {error}"

    def has(self, relative: str) -> bool:
        """Whether it is a regular file in the run."""
        return self.fault(relative) is None and kind(self._run / relative) is not None

    def status(self, relative: str) -> os.stat_result | None:
        """Of a regular file in the run; ``None`` if it is none, or a path leads out. Quick for the many files of one
        folder."""
        folder = relative.rpartition("/")[0]
        if folder not in self._folders and self.fault(relative) is not None:
            return None
        try:
            found = os.lstat(f"{self._run}/{relative}")
        except (OSError, ValueError):
            return None
        return found if stat.S_ISREG(found.st_mode) else None

    def _way_fault(self, path: PurePosixPath) -> str | None:
        parent = str(path.parent)
        if parent not in self._folders:
            for folder in [*reversed(path.parents)][1:]:
                found = kind(self._run / folder)
                if found not in (None, "a folder"):
                    return f"is not inside the run directory, since {folder} is {found}"
            self._folders.add(parent)
        return None

    def _end_fault(self, path: PurePosixPath) -> str | None:
        found = kind(self._run / path)
        return None if found in (None, "a file") else f"is {found}, not a file"


def kind(path: Path) -> str | None:
    """What is there, in words, a link itself and not what it leads to; ``None`` if nothing is.

    Raises:
        UsageError: that cannot be told: a folder on the way may not be read, or the path is none.
    """
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise _unusable(path, error) from None
    return next((name for is_it, name in _KINDS.items() if is_it(mode)), "a device")


def is_file(path: Path) -> bool:
    """Whether the file of a run is there.

    Raises:
        UsageError: something is there that is no regular file.
    """
    found = kind(path)
    if found not in (None, "a file"):
        raise UsageError(f"{path} is {found}, where a run directory has a file: {_remedy(found)}")
    return found is not None


def check_folder(path: Path) -> bool:
    """Whether one of a run's own folders is there.

    Raises:
        UsageError: something is there that is no folder.
    """
    found = kind(path)
    if found not in (None, "a folder"):
        raise UsageError(f"{path} is {found}, where a run directory has a folder: {_remedy(found)}")
    return found is not None


def own_folders(run: Path) -> list[Path]:
    """The folders below a run directory that diffex writes to, those that are there.

    Raises:
        UsageError: one is something else; a stray file among folders with names of their own is none of them.
    """
    return [folder for pattern in _FOLDERS for folder in _matching(run, pattern)]


def check_run(stage: str, folder: Path) -> None:
    """Refuse a folder that a stage has no business in, before anything is locked, swept or written there.

    Raises:
        IncompleteError: there is no run, and the stage is not the first.
        UsageError: the first would begin one among somebody's files, or a folder of the run is none.
    """
    if _is_run(folder):
        own_folders(folder)
    elif stage != "corpus":
        what = f"no run in {folder}" if folder.is_dir() else f"no run directory {folder}"
        raise IncompleteError(f"there is {what}: run `diffex corpus` first, or name another with --run")
    elif not _is_free(folder):
        raise UsageError(
            f"{folder} holds other files and no run: name a folder that is new or empty, such as "
            f"--run {folder / 'diffex-run'}"
        )


def _is_run(folder: Path) -> bool:
    """Whether a folder holds a run, of diffex or of another program."""
    return any(kind(folder / mark) is not None for mark in MARKS)


def _is_free(folder: Path) -> bool:
    """Whether a new run may begin in a folder: it is missing or empty, but for hidden files and what a first
    ``diffex corpus`` leaves that was stopped."""
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return True
    except (OSError, ValueError) as error:
        raise _unusable(folder, error) from None
    return all(name.startswith(".") or name in ("images", "corpus-answers", "lost+found") for name in names)


def _matching(folder: Path, pattern: str) -> list[Path]:
    name, _, rest = pattern.partition("/")
    found = _folders_and_links(folder) if name == "*" else [folder / name]
    there = [path for path in found if check_folder(path)]
    return [deeper for path in there for deeper in _matching(path, rest)] if rest else there


def _folders_and_links(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            shown = [one for one in entries if not one.name.startswith(".")]
            return sorted(Path(one) for one in shown if one.is_symlink() or one.is_dir(follow_symlinks=False))
    except OSError as error:
        raise _unusable(folder, error) from None


def _unusable(path: Path, error: OSError | ValueError) -> UsageError:
    reason = (error.strerror if isinstance(error, OSError) else None) or error
    return UsageError(f"cannot use {path}: {reason}")


def _remedy(found: str | None) -> str:
    if found == "a link":
        return "links are not followed; put a copy of what it leads to in its place, or remove it"
    return "move it away"
