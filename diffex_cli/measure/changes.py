"""Where an edit changed a picture."""

from __future__ import annotations

import numpy as np
from PIL import Image

from diffex_cli.measure.judging import CHANGED
from diffex_cli.verifiers.base import Box

_PADDING = 1 / 16
"""Of a picture's sides: what is seen of an attribute ends beyond the pixels that changed."""
_LEAST = 1 / 4
"""Of a picture's sides: in less than this there is too little to see."""


def changed_box(before: Image.Image, after: Image.Image) -> Box | None:
    """The part of two RGB pictures of one size in which some channel of a pixel differs by more than 16 of 255, with a
    margin; ``None`` where none does."""
    one, other = np.asarray(before), np.asarray(after)
    changed = (np.maximum(one, other) - np.minimum(one, other)).max(axis=2) > CHANGED
    if not changed.any():
        return None
    (top, bottom), (left, right) = (_ends(changed.any(axis=axis)) for axis in (1, 0))
    return left, top, right, bottom


def _ends(changed: np.ndarray) -> tuple[int, int]:
    """Begin and end of what changed along one side, with a margin."""
    side = len(changed)
    places = np.flatnonzero(changed)
    start, end = int(places[0]), int(places[-1]) + 1
    margin = max(round(side * _PADDING), -(-(round(side * _LEAST) - (end - start)) // 2))
    start, end = start - margin, end + margin
    return max(0, start - max(0, end - side)), min(side, end + max(0, -start))
