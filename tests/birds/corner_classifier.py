"""A classifier whose logits are known functions of the picture: of a background corner, and of nothing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LABELS = ("red corner", "nothing")
CORNER = (0, 0, 6, 6)
"""The birds never reach it."""


def red(picture: Image.Image) -> float:
    return float(np.asarray(picture.crop(CORNER), dtype=np.float64)[..., 0].mean() / 25.5)


def logits(pictures: Sequence[Image.Image]) -> NDArray[np.float64]:
    return np.array([[red(picture), 0.0] for picture in pictures])
