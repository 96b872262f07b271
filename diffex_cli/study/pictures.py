"""Pictures as participants see them: WebP in the page, each different one once."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping

from PIL import Image

_SIDE = 512
_QUALITY = 92
_MEDIA = "data:image/webp;base64,"


class Album:
    """Collects a page's pictures, at most 512 pixels a side."""

    def __init__(self) -> None:
        self._by_name: dict[str, str] = {}

    def add(self, picture: Image.Image) -> str:
        """Take a picture in.

        Returns:
            Its name, a digest of what it shows, so that it tells nothing else.
        """
        small = picture.convert("RGB")
        small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
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
    """A picture of a page as a PNG, for language models, which do not all take WebP.

    Raises:
        ValueError: it is no such picture.
    """
    if not uri.startswith(_MEDIA):
        raise ValueError("it is no WebP picture")
    try:
        with Image.open(io.BytesIO(base64.b64decode(uri.removeprefix(_MEDIA), validate=True))) as picture:
            buffer = io.BytesIO()
            picture.convert("RGB").save(buffer, "PNG")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("it is no picture that can be read") from error
    return buffer.getvalue()
