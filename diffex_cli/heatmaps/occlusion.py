"""Occlusion (Zeiler & Fergus 2014): cover a part of the picture, and see what the classifier says then."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Score: TypeAlias = Callable[[Sequence[Image.Image]], NDArray[np.float64]]
"""Pictures in, one number each out, shape (n,)."""

BATCH = 128
"""How many covered pictures are in memory at a time."""

_WINDOWS = 8
"""By default a window is this part of the picture's sides, …"""
_OVERLAP = 2
"""… and each is moved by this part of its own side."""


@dataclasses.dataclass(frozen=True, slots=True)
class Windows:
    """The places that are covered one after the other, row by row; those at the far edges may be cut off there.

    Attributes:
        window: their height and width in pixels, ≥ 1.
        stride: by how much each is moved down and to the right, in pixels, ≥ 1 and not above ``window``.

    Raises:
        ValueError: a number is out of these bounds, so that pixels would never be covered.
    """

    window: tuple[int, int]
    stride: tuple[int, int]

    def __post_init__(self) -> None:
        if any(not 1 <= step <= side for step, side in zip(self.stride, self.window, strict=True)):
            raise ValueError(f"a window of {self.window} cannot be moved by {self.stride}: pixels would be left out")

    def places(self, height: int, width: int) -> Iterator[tuple[slice, slice]]:
        """Rows and columns of each window in a picture; together they cover it."""
        for top in _starts(height, self.window[0], self.stride[0]):
            for left in _starts(width, self.window[1], self.stride[1]):
                yield slice(top, min(top + self.window[0], height)), slice(left, min(left + self.window[1], width))


def default_windows(height: int, width: int) -> Windows:
    """An eighth of the sides, moved by half of that: 225 places in a picture whose sides 16 divides."""
    window = (max(1, round(height / _WINDOWS)), max(1, round(width / _WINDOWS)))
    return Windows(window, (max(1, window[0] // _OVERLAP), max(1, window[1] // _OVERLAP)))


def occlusion(score: Score, image: Image.Image, windows: Windows | None = None) -> NDArray[np.float64]:
    """What every place of a picture does to the score.

    A window is filled with the picture's mean colour. A pixel's value is the mean, over the windows that cover it, of
    what the score loses by the window: positive where what is seen speaks for the score, negative where against it.

    Args:
        score: of pictures; it is called with up to :data:`BATCH` of them.

    Returns:
        shape (height, width), in the score's unit.
    """
    pixels = np.asarray(image.convert("RGB"))
    height, width = pixels.shape[:2]
    places = list((windows or default_windows(height, width)).places(height, width))
    colour = np.rint(pixels.mean(axis=(0, 1))).astype(np.uint8)
    (whole,) = score([image])
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for start in range(0, len(places), BATCH):
        some = places[start : start + BATCH]
        for place, covered in zip(some, score([_covered(pixels, place, colour) for place in some]), strict=True):
            total[place] += whole - covered
            count[place] += 1
    return total / count


def _covered(pixels: NDArray[np.uint8], place: tuple[slice, slice], colour: NDArray[np.uint8]) -> Image.Image:
    changed = pixels.copy()
    changed[place] = colour
    return Image.fromarray(changed)


def _starts(side: int, window: int, stride: int) -> range:
    """The last window is the first that reaches the far edge."""
    moves = max(0, -(-(side - window) // stride))
    return range(0, moves * stride + 1, stride)
