"""What an input image is called: by its key, and by its source file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from diffex_cli.artifacts.keys import digest, image_key
from diffex_cli.artifacts.pictures import SUFFIXES, read_picture
from diffex_cli.core.errors import UsageError
from diffex_cli.editors.folder.files import pictures_below

_DIGITS = 16
_KEY = re.compile(rf"[0-9a-f]{{{_DIGITS},64}}")


class ImageNames:
    """Names of images: the first 16 digits of the key, always; and, if the folder of the originals is known, the source
    file's path in it without suffix, with ``--`` for ``/``. ``originals``: the folder; its pictures are read to find
    their keys."""

    def __init__(self, originals: Path | None) -> None:
        self._keys: dict[str, str] = {}
        sources: dict[str, Path] = {}
        for path in pictures_below(originals) if originals else ():
            assert originals is not None
            try:
                key = image_key(read_picture(path).picture)
            except OSError:
                continue  # `diffex corpus` passes over it, too, and says so
            name = plain_name(path.relative_to(originals).as_posix())
            if self._keys.setdefault(name, key) != key:
                raise UsageError(f"{sources[name]} and {path} would both be called {name!r}: rename one of them")
            sources[name] = path

    def of(self, key: str) -> tuple[str, ...]:
        """The names of one image, the digits of its key first."""
        return key[:_DIGITS], *(name for name, own in self._keys.items() if own == key)

    def digits(self, cell: str) -> str | None:
        """The first 16 digits of the key of the image that a manifest names; ``None`` for an unknown name."""
        if _KEY.fullmatch(cell):
            return cell[:_DIGITS]
        key = self._keys.get(plain_name(cell))
        return key and key[:_DIGITS]

    @property
    def digest(self) -> str:
        """Of all names of source files and the keys that they stand for."""
        names: Mapping[str, str] = self._keys
        return digest(names)


def plain_name(path: str) -> str:
    """``wild/cat.png`` → ``wild--cat``."""
    lower = path.lower()
    suffix = next((suffix for suffix in SUFFIXES if lower.endswith(suffix)), "")
    return path[: len(path) - len(suffix)].replace("/", "--")
