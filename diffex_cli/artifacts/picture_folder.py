"""Which files of a folder are taken for pictures, and which are not."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from pathlib import Path

from diffex_cli.artifacts.pictures import SUFFIXES
from diffex_cli.core.text_files import readable

_NOT_OURS = ("__MACOSX",)
"""What a Mac adds to an archive: a hidden shadow of every file."""
_ENDINGS_SHOWN = 4


@dataclasses.dataclass(frozen=True, slots=True)
class PictureFolder:
    """The picture files below a folder, sorted by path, and a sentence about those that are left out, if any are."""

    files: tuple[Path, ...]
    left_out: str | None


def pictures_in(folder: Path) -> PictureFolder:
    """Look through a folder; links are followed, hidden files and folders are not taken."""
    files: list[Path] = []
    others: Counter[str] = Counter()
    hidden, unreadable = 0, []
    seen: set[str] = set()
    walk = os.walk(folder, followlinks=True, onerror=lambda error: unreadable.append(str(error.filename)))
    for place, below, names in walk:
        real = os.path.realpath(place)
        if real in seen:  # a link that leads back
            below.clear()
            continue
        seen.add(real)
        below[:] = sorted(name for name in below if not _is_hidden(name))
        for name in names:
            path = Path(place, name)
            if _is_hidden(name):
                hidden += 1
            elif path.suffix.lower() in SUFFIXES and path.is_file():
                files.append(path)
            else:
                others[path.suffix.lower() or "no ending"] += 1
    return PictureFolder(tuple(sorted(files)), _sentence(folder, others, hidden, unreadable))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name in _NOT_OURS


def _sentence(folder: Path, others: Counter[str], hidden: int, unreadable: list[str]) -> str | None:
    reasons = []
    if others:
        most = sorted(others.items(), key=lambda each: (-each[1], each[0]))[:_ENDINGS_SHOWN]
        shown = ", ".join(f"{ending} {count}" for ending, count in most)
        more = ", …" if len(others) > _ENDINGS_SHOWN else ""
        what = "1 file that is no picture" if others.total() == 1 else f"{others.total()} files that are no pictures"
        reasons.append(f"{what} ({shown}{more})")
    if hidden:
        reasons.append("1 hidden file" if hidden == 1 else f"{hidden} hidden files")
    if unreadable:
        reasons.append(f"what may not be read ({', '.join(map(readable, sorted(unreadable)[:_ENDINGS_SHOWN]))})")
    return f"left out of {readable(folder)}: {', '.join(reasons)}" if reasons else None
