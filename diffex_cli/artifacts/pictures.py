"""Reading and writing pictures, as RGB."""

from __future__ import annotations

import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from PIL import Image

from diffex_cli.artifacts.files import atomic_write
from diffex_cli.artifacts.quiet import quiet_pillow
from diffex_cli.artifacts.rgb import SCALED, Upright, upright
from diffex_cli.core.errors import one_line
from diffex_cli.core.text_files import is_lfs_pointer, refuse_special

SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif", ".avif"),
    *(".jp2", ".j2k", ".ppm", ".pgm", ".pbm", ".pnm"),
)
"""The endings of files that are taken for pictures, in lower case."""

UNREADABLE = (
    *(OSError, SyntaxError, ValueError, Image.DecompressionBombError, EOFError, LookupError, TypeError),
    *(AttributeError, ArithmeticError, struct.error, zlib.error),
)
"""What Pillow raises at a file that is no picture, or a broken one."""


_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "DIB", "TIFF", "GIF", "AVIF", "JPEG2000", "PPM")
"""What such files hold: no format that Pillow leaves to another program."""


def read_picture(path: Path) -> Upright:
    """Read somebody's picture, of any mode, as upright RGB.

    Raises:
        OSError: the file is missing, broken, no picture, or the pointer that Git LFS leaves for one.
    """
    try:
        refuse_special(path)
        # its remarks are about metadata, which is not read, and about pictures that are large but not too large
        with quiet_pillow(), Image.open(path, formats=_FORMATS) as image:
            return upright(image)
    except OSError as error:
        if is_lfs_pointer(path):
            raise OSError("it is a Git LFS pointer, not the picture itself: run git lfs pull") from error
        raise
    except Image.DecompressionBombError as error:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise OSError(f"it is larger than the {most:,} pixels that are read: make it smaller") from error
    except Exception as error:  # of many kinds, by what is torn
        raise OSError(f"{path} is no picture that can be read: {one_line(error)}") from error


def open_picture(path: Path) -> Image.Image:
    """Read an edited picture, which has to be one of 8 bits: scaled by its own range it could not be held against its
    original.

    Raises:
        OSError: of :func:`read_picture`, or it has more bits.
    """
    found = read_picture(path)
    if SCALED in found.notes:
        raise OSError(f"{path} has more than 8 bits a pixel: save it with 8")
    return found.picture


def save_picture(path: Path, picture: Image.Image) -> None:
    """Write a PNG atomically."""
    with atomic_write(path) as file:
        # a photo takes about a fifth of the time that it takes with the usual level 6, and a sixth more bytes
        # a colour that counts as transparent would be laid on white when it is read
        picture.save(file, format="PNG", compress_level=1, transparency=None)


def is_intact(path: Path) -> bool:
    """Whether the file is there and whole, by its checksums; the pixels are not decoded."""
    try:
        with Image.open(path, formats=_FORMATS) as image:
            image.verify()
    except UNREADABLE:
        return False
    return True


class LazyPictures(Mapping[str, Image.Image]):
    """Pictures by key, read when asked for, by any thread; the last few stay in memory."""

    def __init__(self, keys: Iterable[str], read: Callable[[str], Image.Image], keep: int = 64) -> None:
        self._keys = dict.fromkeys(keys)
        self._read = read
        self._keep = keep
        self._kept: OrderedDict[str, Image.Image] = OrderedDict()
        self._lock = threading.Lock()

    def __getitem__(self, key: str) -> Image.Image:
        if key not in self._keys:
            raise KeyError(key)
        with self._lock:
            found = self._kept.get(key)
        found = self._read(key) if found is None else found
        with self._lock:
            self._kept[key] = found
            self._kept.move_to_end(key)
            while len(self._kept) > self._keep:
                self._kept.popitem(last=False)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys
