"""Which part of a picture a network gets to see.

A classifier's preparation resizes, and may cut, pad or squash. Where each of its pixels comes from is measured with
pictures of grey ramps, so that any preparation will do that has a place in the picture for every pixel.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.core.errors import UsageError

if TYPE_CHECKING:
    import torch

_INNER = (0.02, 0.98)
"""Of a ramp: interpolation bends its ends."""
_TOLERANCE = 0.02
"""Of the picture's side: the largest distance of a pixel from where a mere resize would have taken it from."""


@dataclasses.dataclass(frozen=True, slots=True)
class View:
    """The rectangle of a picture that a network's input shows, in the picture's pixels. It sticks out of the picture
    where the input is padded, and lies inside of it where the picture is cut."""

    left: float
    top: float
    right: float
    bottom: float


def view(prepare: Callable[[Sequence[Image.Image]], torch.Tensor], size: tuple[int, int]) -> View:
    """Measure what a preparation takes from pictures of one size.

    Raises:
        UsageError: it does more than resizing, cutting and padding upright, or nothing of the picture is left.
    """
    width, height = size
    across, down = ramp(width), ramp(height)
    black, white = (np.full((height, width), grey, np.uint8) for grey in (0, 255))
    ramps = (np.broadcast_to(across, (height, width)), np.broadcast_to(down[:, None], (height, width)))
    pictures = [Image.fromarray(np.repeat(grey[..., None], 3, axis=-1)) for grey in (black, white, *ramps)]
    tensor = prepare(pictures)
    if tensor.ndim != 4 or len(tensor) != len(pictures):
        raise UsageError(_refusal(f"its input has the shape {tuple(tensor.shape)}"))
    dark, light, x, y = tensor.detach().cpu().double().mean(dim=1).numpy()
    contrast = light - dark
    shown = np.abs(contrast) > 0.5 * np.abs(contrast).max()  # padding is of the same colour in all pictures
    if not shown.any() or not np.abs(contrast).max() > 0:
        raise UsageError(_refusal("its input does not depend on the picture's brightness"))
    scale = np.where(shown, contrast, 1.0)
    left, right = _ends(np.where(shown, (x - dark) / scale, np.nan))
    top, bottom = _ends(np.where(shown, (y - dark) / scale, np.nan).T)
    return View(left * width, top * height, right * width, bottom * height)


def ramp(length: int) -> NDArray[np.uint8]:
    """Grey levels that say how far along each pixel's centre is."""
    return np.rint(255 * (np.arange(length) + 0.5) / length).astype(np.uint8)


def _ends(places: NDArray[np.float64]) -> tuple[float, float]:
    """Where the first column begins and the last one ends, as shares of the picture's side.

    Args:
        places: shape (rows, columns): the share that each pixel's centre seems to be at; NaN for padding.
    """
    columns = places.shape[1]
    centres = np.broadcast_to(np.arange(columns) + 0.5, places.shape)
    inner = (places > _INNER[0]) & (places < _INNER[1])  # false for NaN
    if not inner.any() or np.ptp(centres[inner]) == 0:
        raise UsageError(_refusal("too little of the picture is left"))
    slope, offset = np.polyfit(centres[inner], places[inner], 1)
    if slope <= 0 or np.abs(slope * centres[inner] + offset - places[inner]).max() > _TOLERANCE:
        raise UsageError(_refusal("it does not merely resize and cut"))
    return float(offset), float(offset + slope * columns)


def _refusal(why: str) -> str:
    return f"the classifier's preparation cannot be traced back to the picture ({why}): use --heatmap occlusion"
