"""Pictures for a report: small, as WebP, and each different one only once however often it is shown."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from diffex_cli.artifacts.pictures import UNREADABLE
from diffex_cli.report.numbers import counted

SIDE = 192
"""The longer side of a thumbnail, in pixels."""
_QUALITY = 82
_METHOD = 2
"""WebP's effort: the next step takes half as long again for two bytes in a hundred."""

_WARNINGS = 10
"""Unreadable files that are named before the others are only counted."""


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """A thumbnail.

    Attributes:
        name: ``p`` and 16 hex digits of the pixels' digest, fit for a file name.
        image: the RGB pixels.
    """

    name: str
    image: Image.Image


class Gallery:
    """Reads picture files as thumbnails of at most 192 pixels a side, and remembers them.

    Attributes:
        warnings: a sentence for each file that could not be read.
    """

    def __init__(self) -> None:
        self._by_file: dict[Path, Picture | None] = {}
        self.warnings: list[str] = []

    def picture(self, file: Path) -> Picture | None:
        """The thumbnail of a file, or None (and a warning) if it cannot be read."""
        if file not in self._by_file:
            image = _thumbnail(file)
            if image is None:
                self.warnings.append(_unreadable(file))
            self._by_file[file] = None if image is None else Picture(_name(image), image)
        return self._by_file[file]


@dataclasses.dataclass(frozen=True, slots=True)
class Stored:
    """A picture as the report stores it.

    Attributes:
        name: ``p`` and 16 hex digits of the pixels' digest.
        webp: the encoded picture.
        width, height: in pixels.
        file: the file that it was made of, the first of several.
    """

    name: str
    webp: bytes
    width: int
    height: int
    file: Path


class Album:
    """All pictures of a report, numbered, each different one once.

    Args:
        files: what to read; the numbers follow the order in which different pictures come up in it.

    Attributes:
        pictures: the different pictures by number.
        warnings: a sentence for each file that could not be read.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        wanted = tuple(dict.fromkeys(files))
        # Pillow's decoders and encoders work outside of the interpreter's lock
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            stored = tuple(pool.map(_store, wanted))
        names: dict[str, int] = {}
        self._numbers: dict[Path, int] = {}
        self.pictures: list[Stored] = []
        self.warnings: list[str] = []
        for file, picture in zip(wanted, stored, strict=True):
            if picture is None:
                self.warnings.append(_unreadable(file))
                continue
            if picture.name not in names:
                names[picture.name] = len(self.pictures)
                self.pictures.append(picture)
            self._numbers[file] = names[picture.name]
        if len(self.warnings) > _WARNINGS:
            more = len(self.warnings) - _WARNINGS
            self.warnings[_WARNINGS:] = [f"{counted(more, 'more picture')} cannot be read either."]

    def number(self, file: Path | None) -> int | None:
        """The number of a file's picture; ``None`` for a file that could not be read, or was not asked for."""
        return None if file is None else self._numbers.get(file)

    def picture(self, file: Path) -> Stored | None:
        """A file's picture; ``None`` where there is no number."""
        number = self.number(file)
        return None if number is None else self.pictures[number]


def _store(file: Path) -> Stored | None:
    image = _thumbnail(file)
    if image is None:
        return None
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=_QUALITY, method=_METHOD)
    return Stored(_name(image), buffer.getvalue(), image.width, image.height, file)


def _thumbnail(file: Path) -> Image.Image | None:
    try:
        with Image.open(file) as opened:
            image = opened.convert("RGB")
    except UNREADABLE:
        return None
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return image


def _name(image: Image.Image) -> str:
    size = f"{image.width}x{image.height}".encode("ascii")
    return "p" + hashlib.sha256(size + image.tobytes()).hexdigest()[:16]


def _unreadable(file: Path) -> str:
    return f"The picture {file} is missing or cannot be read; it is left out."
