"""Pictures that were just made, in memory for those who look at them next."""

from __future__ import annotations

from PIL import Image

ROOM = 256 << 20
"""Bytes: 256 pictures of 512 × 512 pixels, 64 of 1024 × 1024."""

_PIXEL = 4
"""Bytes of one that Pillow holds as RGB."""


class JustMade:
    """The pictures that were written since :meth:`begin`, by file: the first of them, as far as there is room, since
    they are looked at in the order in which they were made. One is pixel for pixel what its file holds. Before
    :meth:`begin` none is kept.

    Args:
        room: bytes that they may take.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._left = 0
        self._pictures: dict[str, Image.Image] = {}

    def begin(self) -> None:
        """Others are made from here on: let go of those that are there."""
        self._pictures.clear()
        self._left = self._room

    def put(self, file: str, picture: Image.Image) -> None:
        """Keep a picture, in mode RGB, that nobody changes any more; by one thread at a time."""
        size = _PIXEL * picture.width * picture.height
        if file not in self._pictures and size <= self._left:
            self._left -= size
            self._pictures[file] = picture

    def get(self, file: str | None) -> Image.Image | None:
        """A copy, which is the caller's to change; ``None`` if it is not kept. By any thread."""
        found = self._pictures.get(file or "")
        return None if found is None else found.copy()
