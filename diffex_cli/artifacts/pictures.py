"""Reading and writing pictures, as RGB."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from PIL import Image, ImageOps

from diffex_cli.artifacts.files import atomic_write

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
"""The endings of files that are taken for pictures, in lower case."""

UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
"""What Pillow raises at a file that is no picture, or a broken one."""


def open_picture(path: Path) -> Image.Image:
    """Read a picture, turned upright as its EXIF says, as RGB.

    Raises:
        OSError: the file is missing, broken or no picture.
    """
    try:
        with Image.open(path) as image:
            return upright(image)
    except OSError:
        raise
    except UNREADABLE as error:
        raise OSError(f"{path} is no picture that can be read: {error}") from error


def upright(image: Image.Image) -> Image.Image:
    """A picture of any mode as RGB, turned upright as its EXIF says; what cannot be done raises :data:`UNREADABLE`."""
    return (ImageOps.exif_transpose(image) or image).convert("RGB")


def save_picture(path: Path, picture: Image.Image) -> None:
    """Write a PNG atomically."""
    with atomic_write(path) as file:
        # a photo takes about a fifth of the time that it takes with the usual level 6, and a sixth more bytes
        picture.save(file, format="PNG", compress_level=1)


def is_intact(path: Path) -> bool:
    """Whether the file is there and whole, by its checksums; the pixels are not decoded."""
    try:
        with Image.open(path) as image:
            image.verify()
    except UNREADABLE:
        return False
    return True


class LazyPictures(Mapping[str, Image.Image]):
    """Pictures by key, read when asked for; the last few stay in memory."""

    def __init__(self, keys: Iterable[str], read: Callable[[str], Image.Image], keep: int = 64) -> None:
        self._keys = dict.fromkeys(keys)
        self._read = read
        self._keep = keep
        self._kept: OrderedDict[str, Image.Image] = OrderedDict()

    def __getitem__(self, key: str) -> Image.Image:
        if key not in self._keys:
            raise KeyError(key)
        if key not in self._kept:
            self._kept[key] = self._read(key)
        self._kept.move_to_end(key)
        while len(self._kept) > self._keep:
            self._kept.popitem(last=False)
        return self._kept[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys
