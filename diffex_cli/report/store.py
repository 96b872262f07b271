"""Where a report's pictures go: into the page, or into a folder beside it if the page would grow too large."""

from __future__ import annotations

import base64
import re
import shutil
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from diffex_cli.artifacts.files import write_bytes
from diffex_cli.core.errors import DiffexError
from diffex_cli.core.inside import kind
from diffex_cli.report.pictures import Stored

FOLDER = "assets"
_OURS = re.compile(r"[pf][0-9a-f]{16}\.webp")
_DATA = "data:image/webp;base64,"


class Shelf:
    """Holds the larger versions of pictures, in memory while a page could hold them all, else in the folder beside it.

    Args:
        report: the folder of the report.
        room: bytes that a page may have: what all of them take in it at most.
    """

    def __init__(self, report: Path, room: int) -> None:
        self._folder = report / FOLDER
        self._room = room
        self._names: set[str] = set()
        self._held: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self.size = 0
        """By how many bytes a page grows with them in it, about."""

    def put(self, name: str, webp: bytes) -> None:
        """Take a picture in."""
        with self._lock:
            if name in self._names:
                return
            self._names.add(name)
            self.size += _embedded_size(webp)
            self._held[name] = webp
            if self.size > self._room:
                self.write()

    def write(self) -> None:
        """Write those that are held into the folder, and hold them no longer."""
        for name, webp in self._held.items():
            _write(self._folder / _file(name, large=True), webp)
        self._held.clear()

    def address(self, name: str) -> str:
        """A picture as it stands in the page."""
        return base64.b64encode(self._held[name]).decode("ascii")


def embedded(pictures: Sequence[Stored], shelf: Shelf | None = None) -> dict[str, object]:
    """The pictures as ``data:`` addresses for the page.

    Args:
        shelf: those of the larger versions too; without it they are in the folder beside the page.
    """
    found = _addresses(_DATA, [base64.b64encode(picture.webp).decode("ascii") for picture in pictures], pictures)
    if shelf is not None and found["large"] is not None:
        found["large"] |= {"base": _DATA, "sources": [one.large and shelf.address(one.name) for one in pictures]}
    return found


def embedded_size(pictures: Sequence[Stored]) -> int:
    """By how many bytes a page grows with the thumbnails in it, about."""
    return sum(_embedded_size(picture.webp) for picture in pictures)


def beside(pictures: Sequence[Stored]) -> dict[str, object]:
    """The pictures as addresses of files in the folder beside the page."""
    return _addresses(f"{FOLDER}/", [_file(picture.name) for picture in pictures], pictures)


def write_beside(pictures: Sequence[Stored], report: Path, thumbnails: bool = True) -> Path:
    """Write the pictures' folder; what an earlier report left in it and this one does not show is removed.

    Args:
        thumbnails: those too; else the folder is for the larger versions alone, which :class:`Shelf` writes.
    """
    folder = report / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    small = {_file(picture.name): picture.webp for picture in pictures if thumbnails}
    shown = {*small, *(_file(picture.name, large=True) for picture in pictures if picture.large)}
    for file in folder.iterdir():
        if _OURS.fullmatch(file.name) and file.name not in shown:
            file.unlink()
    for name, webp in small.items():
        _write(folder / name, webp)
    return folder


def remove_beside(report: Path) -> None:
    """Remove the folder that an earlier, larger report left, unless somebody put other files into it."""
    folder = report / FOLDER
    if folder.is_dir() and not folder.is_symlink() and all(_OURS.fullmatch(file.name) for file in folder.iterdir()):
        shutil.rmtree(folder)


def _file(name: str, large: bool = False) -> str:
    return f"{'f' + name[1:] if large else name}.webp"


def _write(file: Path, webp: bytes) -> None:
    # named by its content: what is there, whole, need not be written again; nothing is lost if a write is cut off
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if kind(file) != "a file" or file.stat().st_size != len(webp):
            write_bytes(file, webp)
    except OSError as error:
        raise DiffexError(f"cannot write {file}: {error.strerror or error}") from error


def _embedded_size(webp: bytes) -> int:
    return 4 * ((len(webp) + 2) // 3)


def _addresses(base: str, sources: list[str], pictures: Sequence[Stored]) -> dict[str, Any]:
    width, height = _columns((one.width, one.height) for one in pictures)
    own_width, own_height = _columns(one.own for one in pictures)
    shrunk = any(one.own != (one.width, one.height) for one in pictures)
    large_width, large_height = _columns(one.large or (None, None) for one in pictures)
    files = [_file(one.name, large=True) if one.large else None for one in pictures]
    large = {
        **{"base": f"{FOLDER}/", "sources": files, "width": large_width, "height": large_height},
        **{"own_width": own_width, "own_height": own_height},
    }
    return {"base": base, "sources": sources, "width": width, "height": height, "large": large if shrunk else None}


def _columns(sizes: Iterable[tuple[int | None, int | None]]) -> tuple[list[int | None], list[int | None]]:
    """Sizes → widths and heights."""
    pairs = list(sizes)
    return [width for width, _ in pairs], [height for _, height in pairs]
