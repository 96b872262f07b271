"""Heat maps that are kept in a run: as numbers, and as pictures to look at."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from diffex_cli.artifacts.files import write_bytes
from diffex_cli.artifacts.pictures import UNREADABLE
from diffex_cli.core.errors import UsageError
from diffex_cli.core.inside import is_file
from diffex_cli.heatmaps.overlay import overlay

SCHEMA = "diffex.heatmap/1"

_TOP = 65535
_QUALITY = 90


@dataclasses.dataclass(frozen=True, slots=True)
class HeatMap:
    """One picture's.

    Attributes:
        values: shape (height, width), in [0, 1].
        peak: what 1 stands for, of ``occlusion`` in logits; 0 if nothing speaks for the target.
    """

    values: NDArray[np.float64]
    peak: float


class HeatMapStore:
    """The folder ``heatmaps/`` of a run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def overlay_file(self, key: str) -> Path:
        """Where the heat over its picture lies: a WebP of the picture's size."""
        return self._file(key, ".webp")

    def read(self, key: str) -> HeatMap | None:
        """A heat map; ``None`` if it is missing, foreign or broken, so that it is made again."""
        try:
            if not is_file(self._file(key, ".png")):
                return None
            with Image.open(self._file(key, ".png")) as image:
                image.load()
                text = image.text  # type: ignore[attr-defined]
                if text.get("diffex.schema") != SCHEMA or text.get("diffex.key") != key:
                    return None
                return HeatMap(np.asarray(image, np.float64) / _TOP, float(text["diffex.peak"]))
        except (*UNREADABLE, UsageError, AttributeError, KeyError):
            return None

    def has(self, key: str) -> bool:
        """Whether both files are there and whole."""
        try:
            if not is_file(self.overlay_file(key)):
                return False
            with Image.open(self.overlay_file(key)) as image:
                image.load()
        except (*UNREADABLE, UsageError):
            return False
        return self.read(key) is not None

    def write(self, key: str, heat: HeatMap, picture: Image.Image) -> None:
        """Keep a heat map and the picture under it."""
        values = Image.fromarray(np.rint(np.clip(heat.values, 0, 1) * _TOP).astype(np.uint16))
        info = PngInfo()
        for name, text in (("schema", SCHEMA), ("key", key), ("peak", repr(float(heat.peak)))):
            info.add_text(f"diffex.{name}", text)
        write_bytes(self._file(key, ".png"), _encoded(values, format="PNG", pnginfo=info))
        shown = overlay(picture, heat.values)
        write_bytes(self.overlay_file(key), _encoded(shown, format="WEBP", quality=_QUALITY))

    def _file(self, key: str, suffix: str) -> Path:
        return self._folder / key[:2] / f"{key[:16]}{suffix}"


def _encoded(picture: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, **options)  # type: ignore[arg-type]
    return buffer.getvalue()
