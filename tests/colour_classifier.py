"""A classifier without a model: how red, green and blue a picture is."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LABELS = ("red", "green", "blue")


def logits(pictures: Sequence[Image.Image]) -> NDArray[np.float64]:
    return np.stack([np.asarray(picture, dtype=np.float64).mean(axis=(0, 1)) / 25.5 for picture in pictures])
