"""Pictures for embedding: small, and each different one only once however often it is shown."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

_SIDE = 192
_QUALITY = 90


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """A thumbnail.

    Attributes:
        name: ``p`` and 12 hex digits of the pixels' digest, fit for a CSS class.
        image: the RGB pixels.
    """

    name: str
    image: Image.Image

    @property
    def uri(self) -> str:
        """The picture as a ``data:`` URI (JPEG without chroma subsampling: small coloured parts stay sharp)."""
        buffer = io.BytesIO()
        self.image.save(buffer, "JPEG", quality=_QUALITY, subsampling=0, optimize=True)
        return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


class Gallery:
    """Reads picture files as thumbnails of at most 192 pixels a side, and remembers them.

    Attributes:
        warnings: a sentence for each file that could not be read.
    """

    def __init__(self) -> None:
        self._by_file: dict[Path, Picture | None] = {}
        self._by_name: dict[str, Picture] = {}
        self.warnings: list[str] = []

    def picture(self, file: Path) -> Picture | None:
        """The thumbnail of a file, or None (and a warning) if it cannot be read."""
        if file not in self._by_file:
            self._by_file[file] = self._read(file)
        return self._by_file[file]

    def __iter__(self) -> Iterator[Picture]:
        return iter(sorted(self._by_name.values(), key=lambda picture: picture.name))

    def _read(self, file: Path) -> Picture | None:
        try:
            with Image.open(file) as opened:
                image = opened.convert("RGB")
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            self.warnings.append(f"The picture {file} is missing or cannot be read; it is left out.")
            return None
        image.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
        size = f"{image.width}x{image.height}".encode("ascii")
        name = "p" + hashlib.sha256(size + image.tobytes()).hexdigest()[:12]
        return self._by_name.setdefault(name, Picture(name, image))
