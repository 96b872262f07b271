"""From pictures of any size to the array that a network was trained on."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.classifiers import spec_options
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec

Fit = Literal["squash", "crop", "pad"]
Channels = Literal["rgb", "bgr", "grey"]
Layout = Literal["nchw", "nhwc"]

OPTIONS = ("size", "fit", "crop", "resize", "mean", "std", "interpolation", "channels", "range", "layout")
INTERPOLATIONS = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
"""Of the red, green and blue of ImageNet's training pictures, in [0, 1]."""


@dataclasses.dataclass(frozen=True, slots=True)
class Preprocessing:
    """Resize, cut, scale, normalise: what torchvision's and timm's evaluation transforms do, to the bit.

    Attributes:
        size: height and width of what the network gets, in pixels.
        resize: height and width that the picture is brought to before the middle of ``size`` is cut out.
        fit: how the picture is brought to ``resize``: ``squash`` changes its proportions, ``crop`` keeps them and
            covers it (the rest is cut off), ``pad`` keeps them and fits inside (the rest is filled with ``mean``).
        mean: subtracted, one number a channel, in units of ``range``.
        std: divided by, one number a channel, in units of ``range``.
        interpolation: one of :data:`INTERPOLATIONS`, with Pillow's antialiasing.
        channels: the order of the colours; ``grey`` is one channel, ITU-R 601 luma.
        range: what a pixel's 255 becomes before ``mean`` is subtracted: 1 or 255.
        layout: where the channels' axis is.
    """

    size: tuple[int, int]
    resize: tuple[int, int]
    fit: Fit = "squash"
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    interpolation: str = "bilinear"
    channels: Channels = "rgb"
    range: int = 1
    layout: Layout = "nchw"

    def __call__(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """Prepare pictures of any size and mode.

        Returns:
            shape (n, channels, height, width), or (n, height, width, channels) for the layout ``nhwc``.
        """
        pixels = np.stack([self._pixels(image) for image in images]).astype(np.float32)
        if self.range == 1:
            pixels /= np.float32(255)
        pixels -= np.asarray(self.mean, dtype=np.float32)
        pixels /= np.asarray(self.std, dtype=np.float32)
        return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)) if self.layout == "nchw" else pixels

    def _pixels(self, image: Image.Image) -> NDArray[np.uint8]:
        """Shape (height, width, channels)."""
        picture = image.convert("RGB")
        picture = picture.resize(self._resized(picture), Image.Resampling[self.interpolation.upper()])
        picture = self._middle(picture)
        if self.channels == "grey":
            return np.asarray(picture.convert("L"))[:, :, None]
        pixels = np.asarray(picture)
        return pixels[:, :, ::-1] if self.channels == "bgr" else pixels

    def _resized(self, picture: Image.Image) -> tuple[int, int]:
        """Width and height after resizing; rounded as torchvision does for squares, and as timm does for the rest."""
        height, width = self.resize
        if self.fit == "squash":
            return width, height
        if self.fit == "crop" and height == width:
            short, long = sorted(picture.size)
            other = int(height * long / short)
            return (height, other) if picture.width <= picture.height else (other, height)
        ratios = (picture.height / height, picture.width / width)
        ratio = min(ratios) if self.fit == "crop" else max(ratios)
        return max(1, round(picture.width / ratio)), max(1, round(picture.height / ratio))

    def _middle(self, picture: Image.Image) -> Image.Image:
        height, width = self.size
        missing = (max(0, width - picture.width), max(0, height - picture.height))
        if any(missing):
            canvas = Image.new("RGB", (picture.width + missing[0], picture.height + missing[1]), self._fill())
            canvas.paste(picture, (missing[0] // 2, missing[1] // 2))
            picture = canvas
        left, top = round((picture.width - width) / 2), round((picture.height - height) / 2)
        return picture.crop((left, top, left + width, top + height))

    def _fill(self) -> tuple[int, int, int]:
        scale = 255 // self.range
        means = tuple(min(255, max(0, round(scale * value))) for value in self.mean)
        red, green, blue = means if len(means) == 3 else means * 3
        return (blue, green, red) if self.channels == "bgr" else (red, green, blue)


def centred(
    size: tuple[int, int],
    crop: float,
    fit: Fit,
    mean: Sequence[float],
    std: Sequence[float],
    interpolation: str,
) -> Preprocessing:
    """Keep the middle share ``crop``, in (0, 1], of each side of the resized picture."""
    return Preprocessing(size, _before_cropping(size, crop), fit, tuple(mean), tuple(std), interpolation)


def parse_preprocessing(
    spec: Spec,
    configured: Preprocessing | None = None,
    size: tuple[int, int] | None = None,
    layout: Layout = "nchw",
) -> Preprocessing:
    """The preprocessing that a spec's options spell out.

    - ``size=224`` or ``size=HEIGHTxWIDTH``, in pixels
    - ``fit=squash|crop|pad``; ``crop`` where the option ``crop`` or ``resize`` is given, else ``squash``
    - ``crop=0.875``: the picture is resized to size / 0.875, and the middle is kept; or ``resize=256``: to 256 pixels
    - ``mean=…``, ``std=…``: one number, three with ``/`` between (in the order of ``channels``), or ``imagenet``
    - ``range=1`` or ``range=255``: what a pixel's 255 becomes before mean and std
    - ``interpolation=nearest|box|bilinear|hamming|bicubic|lanczos``
    - ``channels=rgb|bgr|grey``, ``layout=nchw|nhwc``

    Args:
        spec: the spec.
        configured: what the model's own configuration says; options override it one by one. Without it, ``mean`` and
            ``std`` have to be given: a wrong guess would be silent.
        size: height and width that the model insists on, if it does.
        layout: the model's layout, where the option is not given.

    Raises:
        UsageError: an option is wrong or missing.
    """
    wanted = _size(spec, configured, size)
    channels = cast("Channels | None", spec_options.choice(spec, "channels", ("rgb", "bgr", "grey")))
    channels = channels or (configured.channels if configured else "rgb")
    count = 1 if channels == "grey" else 3
    mean, std = (_per_channel(spec, option, count, channels) for option in ("mean", "std"))
    if configured is None and (mean is None or std is None):
        raise UsageError(
            f"{spec.text!r}: nothing says how the model wants its pixels: add mean=… and std=… (mean=imagenet,"
            "std=imagenet for most networks trained on ImageNet, mean=0,std=1 for pixels in [0, 1])"
        )
    base = configured or Preprocessing(wanted, wanted, layout=layout)
    mean, std = mean or base.mean, std or base.std
    if len(mean) != count or len(std) != count:
        raise UsageError(f"{spec.text!r}: channels={channels} needs mean and std of {count} number(s)")
    if min(std) <= 0:
        raise UsageError(f"{spec.text!r}: std must be above 0")
    resize, cuts = _resize(spec, base, wanted)
    fit = cast("Fit | None", spec_options.choice(spec, "fit", ("squash", "crop", "pad")))
    bounds = spec_options.choice(spec, "range", ("1", "255"))
    return Preprocessing(
        size=wanted,
        resize=resize,
        fit=fit or ("crop" if cuts else base.fit),
        mean=mean,
        std=std,
        interpolation=spec_options.choice(spec, "interpolation", INTERPOLATIONS) or base.interpolation,
        channels=channels,
        range=int(bounds) if bounds else base.range,
        layout=cast("Layout | None", spec_options.choice(spec, "layout", ("nchw", "nhwc"))) or base.layout,
    )


def _before_cropping(size: tuple[int, int], crop: float) -> tuple[int, int]:
    return math.floor(size[0] / crop), math.floor(size[1] / crop)


def _size(spec: Spec, configured: Preprocessing | None, fixed: tuple[int, int] | None) -> tuple[int, int]:
    text = spec.options.get("size")
    if text is None:
        found = fixed or (configured.size if configured else None)
        if found is None:
            raise UsageError(f"{spec.text!r}: the model does not say what size it wants: add size=…, such as size=224")
        return found
    parts = text.split("x")
    if len(parts) > 2 or not all(part.isascii() and part.isdecimal() and int(part) > 0 for part in parts):
        raise UsageError(f"{spec.text!r}: size must be pixels, as 224 or HEIGHTxWIDTH, not {text!r}")
    wanted = (int(parts[0]), int(parts[-1]))
    if fixed is not None and wanted != fixed:
        raise UsageError(f"{spec.text!r}: the model takes {fixed[0]}x{fixed[1]} pixels only: take size={text} away")
    return wanted


def _resize(spec: Spec, base: Preprocessing, size: tuple[int, int]) -> tuple[tuple[int, int], bool]:
    """What the picture is resized to before it is cut, and whether an option says so."""
    crop, resize = spec_options.numbers(spec, "crop"), spec.options.get("resize")
    if crop is not None and resize is not None:
        raise UsageError(f"{spec.text!r}: crop and resize say the same thing: give one")
    if crop is not None:
        if len(crop) != 1 or not 0 < crop[0] <= 1:
            raise UsageError(f"{spec.text!r}: crop must be a share above 0 and up to 1, not {spec.options['crop']!r}")
        return _before_cropping(size, crop[0]), True
    if resize is not None:
        pixels = spec_options.whole_number(spec, "resize", 1)
        if pixels < max(size):
            raise UsageError(f"{spec.text!r}: resize={pixels} is smaller than the size that is cut out of it")
        # The shorter side of the size is not widened by more than the longer one.
        scale = pixels / max(size)
        return (round(size[0] * scale), round(size[1] * scale)), True
    if size == base.size:
        return base.resize, False
    return _before_cropping(size, base.size[0] / base.resize[0]), False


def _per_channel(spec: Spec, option: str, count: int, channels: Channels) -> tuple[float, ...] | None:
    if spec.options.get(option) == "imagenet":
        if channels == "grey" or spec.options.get("range") == "255":
            raise UsageError(f"{spec.text!r}: {option}=imagenet is for three channels in the range 1: give numbers")
        return IMAGENET[option] if channels == "rgb" else IMAGENET[option][::-1]
    values = spec_options.numbers(spec, option)
    return values * count if values is not None and len(values) == 1 else values
