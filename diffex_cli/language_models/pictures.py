"""Pictures as language models are shown them."""

from __future__ import annotations

import io

from PIL import Image

from diffex_cli.language_models.base import Picture

LONGEST_SIDE = 512
"""Pixels: enough to see what varies, and a few hundred tokens."""

_QUALITY = 90


def small(picture: Image.Image) -> Picture:
    """A JPEG of at most 512 pixels a side."""
    copy = picture.convert("RGB")
    copy.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    copy.save(buffer, format="JPEG", quality=_QUALITY)
    return Picture("image/jpeg", buffer.getvalue())
