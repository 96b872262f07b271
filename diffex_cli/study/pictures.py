"""Pictures as participants see them: WebP in the page, each different one once."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from diffex_cli.artifacts.pictures import UNREADABLE
from diffex_cli.core.errors import UsageError
from diffex_cli.core.text_files import refuse_special
from diffex_cli.heatmaps.overlay import overlay
from diffex_cli.report.pictures import WEBP_LIMIT

MAX_PIXELS = 512
"""The longer side of a picture, unless more is asked for."""
_QUALITY = 92
_MEDIA = "data:image/webp;base64,"


class Album:
    """Collects a page's pictures, at most ``max_pixels`` pixels a side."""

    def __init__(self, max_pixels: int = MAX_PIXELS) -> None:
        self._side = min(max_pixels, WEBP_LIMIT)
        self._by_name: dict[str, str] = {}

    def add(self, picture: Image.Image) -> str:
        """Take a picture in. Its name is a digest of what it shows, so that it tells nothing else."""
        small = picture.convert("RGB")
        small.thumbnail((self._side, self._side), Image.Resampling.LANCZOS)
        name = hashlib.sha256(f"{small.width}x{small.height}".encode() + small.tobytes()).hexdigest()[:16]
        if name not in self._by_name:
            buffer = io.BytesIO()
            small.save(buffer, "WEBP", quality=_QUALITY, method=4)
            self._by_name[name] = _MEDIA + base64.b64encode(buffer.getvalue()).decode("ascii")
        return name

    @property
    def uris(self) -> Mapping[str, str]:
        """Name → ``data:`` URI, sorted."""
        return dict(sorted(self._by_name.items()))


def png_of(uri: str) -> bytes:
    """A picture of a page as a PNG, for language models, which do not all take WebP; a ValueError if it is none."""
    if not uri.startswith(_MEDIA):
        raise ValueError("it is no WebP picture")
    try:
        with Image.open(io.BytesIO(base64.b64decode(uri.removeprefix(_MEDIA), validate=True))) as picture:
            buffer = io.BytesIO()
            picture.convert("RGB").save(buffer, "PNG")
    except UNREADABLE as error:
        raise ValueError("it is no picture that can be read") from error
    return buffer.getvalue()


DIGITS = 16
"""Of an edit's key, which a heat map is named after."""


def overlay_from(folder: Path, edit: str, picture: Image.Image) -> Image.Image:
    """An edited picture with the heat of a folder's file over it.

    Args:
        folder: holds a grey picture ``<first 16 digits of the edit's key>.png`` for each edit, white where it is hot,
            of any size.

    Raises:
        UsageError: there is no such file, or it cannot be read.
    """
    file = folder / f"{edit[:DIGITS]}.png"
    try:
        refuse_special(file)
        with Image.open(file) as opened:
            grey = opened.convert("L").resize(picture.size, Image.Resampling.BILINEAR)
    except UNREADABLE as error:
        raise UsageError(
            f"--heatmaps: the heat map {file} is missing or cannot be read: every edit of the study needs one, grey, "
            "white where it is hot"
        ) from error
    return overlay(picture.convert("RGB"), np.asarray(grey, np.float64) / 255)
