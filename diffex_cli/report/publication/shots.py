"""Pictures for print: larger than the page's thumbnails, read when they are drawn."""

from __future__ import annotations

import functools
from pathlib import Path

from PIL import Image

from diffex_cli.artifacts.pictures import UNREADABLE

_SIDE = 512


class Shots:
    """Reads picture files, at most 512 pixels a side, and remembers the last ones.

    Attributes:
        warnings: a sentence for each file that could not be read.
    """

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.picture = functools.lru_cache(maxsize=256)(self._read)

    def _read(self, file: Path) -> Image.Image | None:
        try:
            with Image.open(file) as opened:
                opened.draft("RGB", (_SIDE, _SIDE))
                image = opened.convert("RGB")
        except UNREADABLE:
            self.warnings.append(f"The picture {file} is missing or cannot be read; it is left out of the figures.")
            return None
        image.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
        return image
