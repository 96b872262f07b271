"""Any image size in, the same size out: the mapping to sizes that the model can compute."""

from __future__ import annotations

from PIL import Image


def fit(size: tuple[int, int], longer: int, multiple: int) -> tuple[int, int]:
    """The computable size nearest to ``size`` scaled so that its longer side is ``longer``.

    Args:
        size: (width, height) of the image.
        longer: the longer side wanted, in pixels.
        multiple: both sides become multiples of this.
    """
    scale = longer / max(size)
    width, height = (max(multiple, round(side * scale / multiple) * multiple) for side in size)
    return width, height


def restore(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The image back at its original (width, height)."""
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)
