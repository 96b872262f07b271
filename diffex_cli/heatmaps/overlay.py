"""Heat maps as something to look at."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

COLOURS = ("#000004", "#210c4a", "#57106e", "#8a226a", "#bc3754", "#e45a31", "#f98e09", "#f9cb35", "#fcffa4")
"""From no heat to the most, evenly spaced: matplotlib's ``inferno``, whose brightness rises all the way, so that it
reads in print and without colour vision. A legend can be made of them."""

_OPACITY = 0.85
_FADING = 0.75
"""Below 1 middling heat stands out more; as it is, what is hardly there still fades."""
_GREY = 0.8


def colours(heat: ArrayLike) -> NDArray[np.uint8]:
    """The colour of every place.

    Args:
        heat: shape (height, width), in [0, 1].

    Returns:
        shape (height, width, 3).
    """
    table = np.array([[int(colour[place : place + 2], 16) for place in (1, 3, 5)] for colour in COLOURS], np.float64)
    steps = np.linspace(0, 1, len(COLOURS))
    values = np.clip(np.asarray(heat, np.float64), 0, 1)
    mixed = np.stack([np.interp(values, steps, channel) for channel in table.T], axis=-1)
    shades: NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return shades


def overlay(picture: Image.Image, heat: ArrayLike) -> Image.Image:
    """The heat over the picture, which shows in grey where it is cold.

    Args:
        heat: shape (height, width), in [0, 1], of the picture's size.

    Raises:
        ValueError: the heat is of another size.
    """
    values = np.clip(np.asarray(heat, np.float64), 0, 1)
    if values.shape != (picture.height, picture.width):
        raise ValueError(f"heat of shape {values.shape} does not fit a picture of {picture.size}")
    grey = np.asarray(picture.convert("L"), np.float64)[..., None] * _GREY
    opacity = _OPACITY * (values**_FADING)[..., None]
    mixed = (1 - opacity) * grey + opacity * colours(values)
    return Image.fromarray(np.rint(mixed).astype(np.uint8))
