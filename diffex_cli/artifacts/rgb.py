"""From a picture of any mode to upright 8-bit RGB, and what that took."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from diffex_cli.artifacts.quiet import quiet_pillow

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_DEEP = ("I", "F")
"""How the modes begin whose numbers go beyond 8 bits."""
_EIGHT_BITS = 255

SCALED = "more than 8 bits a pixel: scaled from the picture's own least and largest value to 0–255"
LAID = "transparency: laid on white"
FIRST = "several frames: the first is taken"
INKS = "CMYK: turned into RGB"


@dataclasses.dataclass(frozen=True, slots=True)
class Upright:
    """A picture as RGB, and what was done to it that people should know: some of the sentences above."""

    picture: Image.Image
    notes: tuple[str, ...] = ()


def upright(image: Image.Image) -> Upright:
    """Turn a picture as its EXIF orientation says, and into RGB.

    Numbers that go beyond 8 bits are scaled from the picture's own range, where Pillow would cut them off. Colours keep
    their numbers whatever profile they have, as in the loaders that classifiers are trained with; inks go by theirs.

    Raises:
        ValueError: numbers that are not finite, or anything else that Pillow raises at a broken file.
    """
    # The further frames of a photograph of a telephone (MPO) are its own previews.
    notes = (FIRST,) if getattr(image, "n_frames", 1) > 1 and image.format != "MPO" else ()
    turned = image
    turn = _TURNS.get(_orientation(image))
    if turn is not None:
        turned = image.transpose(turn)
    if turned.mode.startswith(_DEEP):
        return _scaled(turned, notes)
    if turned.mode == "CMYK":
        return Upright(_from_inks(turned, image.info.get("icc_profile")), (*notes, INKS))
    if turned.has_transparency_data:
        layers = turned.convert("RGBA")
        if np.asarray(layers)[:, :, 3].min() < _EIGHT_BITS:
            white = Image.new("RGBA", layers.size, "white")
            return Upright(Image.alpha_composite(white, layers).convert("RGB"), (*notes, LAID))
    return Upright(turned.convert("RGB"), notes)


def _orientation(image: Image.Image) -> int:
    """Of the EXIF block this one number is read; a block that is broken elsewhere is nobody's business."""
    try:
        with quiet_pillow():
            return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # of many kinds, by what is torn
        return 1


def _scaled(image: Image.Image, notes: tuple[str, ...]) -> Upright:
    numbers: NDArray[np.float64] = np.asarray(image, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError("it holds numbers that are not finite")
    low, high = float(numbers.min()), float(numbers.max())
    if low >= 0 and high <= _EIGHT_BITS and (numbers == np.rint(numbers)).all():
        return Upright(Image.fromarray(numbers.astype(np.uint8)).convert("RGB"), notes)
    span = high - low or 1.0
    grey = np.rint((numbers - low) / span * _EIGHT_BITS).astype(np.uint8)
    return Upright(Image.fromarray(grey).convert("RGB"), (*notes, SCALED))


def _from_inks(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        try:
            inks = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            found = ImageCms.profileToProfile(image, inks, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if found is not None:
                return found
        except (ImageCms.PyCMSError, OSError):
            pass
    return image.convert("RGB")
