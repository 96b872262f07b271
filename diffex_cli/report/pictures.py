"""Pictures for a report, as WebP: thumbnails, and larger ones to look at; each different one only once."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

from PIL import Image

from diffex_cli.artifacts.pictures import open_picture
from diffex_cli.report.numbers import counted

SIDE = 192
"""The longer side of a thumbnail, in pixels."""
MAX_PIXELS = 1024
"""The longer side of a picture as it is looked at, in pixels, unless somebody asks for more."""
WEBP_LIMIT = 16383
"""The longest side that a WebP picture can have."""
_QUALITY = 82
_LARGE_QUALITY = 92
"""Before and after are compared pixel by pixel: what compression adds must not look like a change."""
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


Size: TypeAlias = tuple[int, int]
"""Width and height, in pixels."""
Keep: TypeAlias = Callable[[str, bytes], None]
"""Takes a picture's name and its encoded larger version, from several threads at once; perhaps twice."""


@dataclasses.dataclass(frozen=True, slots=True)
class Stored:
    """A picture as the report stores it.

    Attributes:
        name: ``p`` and 16 hex digits of the pixels' digest.
        webp: the encoded thumbnail.
        width, height: of the thumbnail, in pixels.
        file: the file that it was made of, the first of several.
        own: the size of the picture in that file.
        large: the size of the larger version that was kept under its name; ``None`` if the thumbnail is all there is.
    """

    name: str
    webp: bytes
    width: int
    height: int
    file: Path
    own: Size
    large: Size | None = None


class Album:
    """All pictures of a report, numbered, each different one once.

    Args:
        files: what to read; the numbers follow the order in which different pictures come up in it.
        max_pixels: the longer side of the larger versions, for pictures that are larger than a thumbnail; pictures
            that differ at this size are different ones, even where their thumbnails are the same.
        keep: takes the larger versions; without it there are none.
        done: called, in some order, for each file that was read.

    Attributes:
        pictures: the different pictures by number.
        warnings: a sentence for each file that could not be read.
    """

    def __init__(
        self,
        files: Iterable[Path],
        max_pixels: int = MAX_PIXELS,
        keep: Keep | None = None,
        done: Callable[[], None] = lambda: None,
    ) -> None:
        wanted = tuple(dict.fromkeys(files))
        # Pillow's decoders and encoders work outside of the interpreter's lock
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            side = SIDE if keep is None else max(SIDE, min(max_pixels, WEBP_LIMIT))
            stored = tuple(pool.map(lambda file: _store(file, side, keep, done), wanted))
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


def _store(file: Path, side: int, keep: Keep | None, done: Callable[[], None]) -> Stored | None:
    image = _read(file)
    done()
    if image is None:
        return None
    own = image.size
    _shrink(image, side)
    name, size = _name(image), image.size
    large = size if keep is not None and max(size) > SIDE else None
    if keep is not None and large is not None:
        keep(name, _webp(image, _LARGE_QUALITY))
    _shrink(image, SIDE)
    return Stored(name, _webp(image, _QUALITY), image.width, image.height, file, own, large)


def _webp(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality, method=_METHOD)
    return buffer.getvalue()


def _thumbnail(file: Path) -> Image.Image | None:
    image = _read(file)
    if image is not None:
        _shrink(image, SIDE)
    return image


def _read(file: Path) -> Image.Image | None:
    try:
        return open_picture(file)
    except OSError:
        return None


def _shrink(image: Image.Image, side: int) -> None:
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)


def _name(image: Image.Image) -> str:
    size = f"{image.width}x{image.height}".encode("ascii")
    return "p" + hashlib.sha256(size + image.tobytes()).hexdigest()[:16]


def _unreadable(file: Path) -> str:
    return f"The picture {file} is missing or cannot be read; it is left out."
