"""Heat maps that somebody else made, from a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from diffex_cli.artifacts.pictures import UNREADABLE
from diffex_cli.core.errors import UsageError
from diffex_cli.heatmaps.overlay import overlay

DIGITS = 16
"""Of an edit's key, which a heat map is named after."""


def overlay_from(folder: Path, edit: str, picture: Image.Image) -> Image.Image:
    """An edited picture with the heat of a folder's file over it.

    Args:
        folder: holds a grey picture ``<first 16 digits of the edit's key>.png`` for each edit, white where it is hot,
            of any size.
        edit: the edit's key.
        picture: the edited picture.

    Raises:
        UsageError: there is no such file, or it cannot be read.
    """
    file = folder / f"{edit[:DIGITS]}.png"
    try:
        with Image.open(file) as opened:
            grey = opened.convert("L").resize(picture.size, Image.Resampling.BILINEAR)
    except UNREADABLE as error:
        raise UsageError(
            f"--heatmaps: the heat map {file} is missing or cannot be read: every edit of the study needs one, grey, "
            "white where it is hot"
        ) from error
    return overlay(picture.convert("RGB"), np.asarray(grey, np.float64) / 255)
