"""Where a report's pictures go: into the page, or into a folder beside it if the page would grow too large."""

from __future__ import annotations

import base64
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from diffex_cli.report.pictures import Stored

FOLDER = "assets"
_OURS = re.compile(r"p[0-9a-f]{16}\.webp")


def embedded(pictures: Sequence[Stored]) -> dict[str, object]:
    """The pictures as ``data:`` addresses for the page."""
    sources = [base64.b64encode(picture.webp).decode("ascii") for picture in pictures]
    return _addresses("data:image/webp;base64,", sources, pictures)


def embedded_size(pictures: Sequence[Stored]) -> int:
    """By how many bytes a page grows with the pictures in it, about."""
    return sum(4 * ((len(picture.webp) + 2) // 3) for picture in pictures)


def beside(pictures: Sequence[Stored]) -> dict[str, object]:
    """The pictures as addresses of files in the folder beside the page."""
    return _addresses(f"{FOLDER}/", [f"{picture.name}.webp" for picture in pictures], pictures)


def write_beside(pictures: Sequence[Stored], report: Path) -> Path:
    """Write the pictures' folder; what an earlier report left in it and this one does not show is removed."""
    folder = report / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    names = {f"{picture.name}.webp": picture for picture in pictures}
    for file in folder.iterdir():
        if _OURS.fullmatch(file.name) and file.name not in names:
            file.unlink()
    for name, picture in names.items():
        file = folder / name
        # named by its content: what is there, whole, need not be written again; nothing is lost if a write is cut off
        if not file.exists() or file.stat().st_size != len(picture.webp):
            file.write_bytes(picture.webp)
    return folder


def remove_beside(report: Path) -> None:
    """Remove the folder that an earlier, larger report left, unless somebody put other files into it."""
    folder = report / FOLDER
    if folder.is_dir() and not folder.is_symlink() and all(_OURS.fullmatch(file.name) for file in folder.iterdir()):
        shutil.rmtree(folder)


def _addresses(base: str, sources: list[str], pictures: Sequence[Stored]) -> dict[str, object]:
    width, height = [one.width for one in pictures], [one.height for one in pictures]
    return {"base": base, "sources": sources, "width": width, "height": height}
