"""How an edit fades in at the rim of its region, inside of it: outside, nothing may change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SHARE = 64


def rim(size: tuple[int, int], pixels: int | None) -> int:
    """The width of the rim in pixels: as given, else a 64th of the longer side, and at least 1."""
    return max(1, round(max(size) / _SHARE)) if pixels is None else pixels


def feathered(inside: NDArray[np.bool_], pixels: int) -> NDArray[np.uint8]:
    """How much of an edit is seen at each pixel: 0 outside, then rising in a straight line to 255 after so many pixels.

    The picture's own border is no rim. Where a region is thinner than two rims, its rim is as much narrower, so that
    the edit is seen there, too.

    Args:
        inside: shape (height, width).
    """
    if not pixels or inside.all() or not inside.any():
        return np.where(inside, np.uint8(255), np.uint8(0))
    depth = depth_of(inside, pixels + 1)
    share = np.divide(depth, _deepest_near(depth, pixels), out=np.zeros_like(depth), where=inside)
    parts: NDArray[np.uint8] = np.ceil(share * 255).astype(np.uint8)
    return parts


def depth_of(inside: NDArray[np.bool_], most: int) -> NDArray[np.float32]:
    """Each pixel's distance to the nearest one outside, in pixels and up to ``most``: exact, first along the columns,
    then along the rows (Felzenszwalb & Huttenlocher 2012, §2.1)."""
    height, width = inside.shape
    rows = np.arange(height, dtype=np.int32)[:, None]
    above = np.maximum.accumulate(np.where(inside, np.int32(-most), rows), axis=0)
    below = np.minimum.accumulate(np.where(inside, np.int32(height + most), rows)[::-1], axis=0)[::-1]
    column = np.minimum(np.minimum(rows - above, below - rows), most).astype(np.float32) ** 2
    squares = column.copy()
    for away in range(1, min(most, width)):
        near = column + np.float32(away**2)
        np.minimum(squares[:, away:], near[:, :-away], out=squares[:, away:])
        np.minimum(squares[:, :-away], near[:, away:], out=squares[:, :-away])
    return np.minimum(np.sqrt(squares), np.float32(most))


def grown(inside: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """With all that is up to so many pixels away."""
    return depth_of(~inside, pixels + 1) <= pixels


def _deepest_near(depth: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    """The largest depth in the square of so many pixels on each side, by windows that double."""
    found = np.pad(depth, radius)
    for _ in range(2):
        size = 1
        while size <= 2 * radius:
            step = min(size, 2 * radius + 1 - size)
            found = np.maximum(found[:-step], found[step:])
            size += step
        found = found.T
    return found
