"""From pictures of any size to the array that a network was trained on."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import choice, number, option, whole

Fit = Literal["squash", "crop", "pad"]
Channels = Literal["rgb", "bgr", "grey"]
Layout = Literal["nchw", "nhwc"]

_CHANNELS = (1, 3)
INTERPOLATIONS = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
"""Of the red, green and blue of ImageNet's training pictures, in [0, 1]."""


@dataclasses.dataclass(frozen=True, slots=True)
class Input:
    """What a network insists on, as far as it says.

    Attributes:
        size: height and width in pixels.
        channels: 1 or 3.
        eight_bit: it takes whole numbers from 0 to 255.
    """

    size: tuple[int, int] | None = None
    layout: Layout = "nchw"
    channels: int | None = None
    eight_bit: bool = False


def input_of(shape: Sequence[object], eight_bit: bool = False) -> Input:
    """The input of four dimensions ``shape``, pictures first; those that are no number are free."""
    last = shape[1] not in _CHANNELS and shape[3] in _CHANNELS
    height, width = shape[1:3] if last else shape[2:4]
    channels = shape[3] if last else shape[1]
    return Input(
        size=(height, width) if isinstance(height, int) and isinstance(width, int) else None,
        layout="nhwc" if last else "nchw",
        channels=channels if isinstance(channels, int) else None,
        eight_bit=eight_bit,
    )


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
        """Prepare pictures of any size and mode. Returns shape (n, channels, height, width), or (n, height, width,
        channels) for the layout ``nhwc``."""
        pixels = looked_up(self._table, [self._pixels(image) for image in images])
        return pixels if self.layout == "nchw" else np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))

    @property
    def _table(self) -> NDArray[np.float32]:
        """What becomes of every value of every channel, shape (channels, 256)."""
        values = np.repeat(np.arange(256, dtype=np.float32)[:, None], len(self.mean), axis=1)
        if self.range == 1:
            values /= np.float32(255)
        values -= np.asarray(self.mean, dtype=np.float32)
        values /= np.asarray(self.std, dtype=np.float32)
        return values.T

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


def looked_up(table: NDArray[np.float32], pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Pictures of one shape (height, width, channels) by a table of shape (channels, 256), as an array of shape (n,
    channels, height, width): arithmetic on floats would go over all of them once a step."""
    height, width, channels = pictures[0].shape
    found = np.empty((len(pictures), channels, height, width), np.float32)
    for picture, planes in zip(pictures, found, strict=True):
        for channel, plane in enumerate(planes):
            np.take(table[channel], picture[:, :, channel], out=plane, mode="clip")
    return found


def centred(
    size: tuple[int, int], crop: float, fit: Fit, mean: Sequence[float], std: Sequence[float], interpolation: str
) -> Preprocessing:
    """Keep the middle share ``crop``, in (0, 1], of each side of the resized picture."""
    return Preprocessing(size, _before_cropping(size, crop), fit, tuple(mean), tuple(std), interpolation)


def _pixels(given: str) -> tuple[int, int]:
    sides = [int(part) for part in given.split("x")]
    if len(sides) > 2 or min(sides) < 1:
        raise ValueError
    return sides[0], sides[-1]


def _numbers(given: str) -> tuple[float, ...] | str:
    numbers = given if given == "imagenet" else tuple(float(part) for part in given.split("/"))
    if isinstance(numbers, tuple) and not all(map(math.isfinite, numbers)):
        raise ValueError
    return numbers


def _per_channel() -> Any:
    return option(None, "numbers with / between them, or imagenet", _numbers)


@dataclasses.dataclass(frozen=True)
class PixelOptions:
    """How a user spells out a :class:`Preprocessing`.

    - ``size=224`` or ``size=HEIGHTxWIDTH``, in pixels
    - ``fit=squash|crop|pad``; ``crop`` where the option ``crop`` or ``resize`` is given, else ``squash``
    - ``crop=0.875``: the picture is resized to size / 0.875, and the middle is kept; or ``resize=256``: to 256 pixels
    - ``mean=…``, ``std=…``: one number, three with ``/`` between (in the order of ``channels``), or ``imagenet``
    - ``range=1`` or ``range=255``: what a pixel's 255 becomes before mean and std
    - ``interpolation=nearest|box|bilinear|hamming|bicubic|lanczos``
    - ``channels=rgb|bgr|grey``, ``layout=nchw|nhwc``
    """

    size: tuple[int, int] | None = option(None, "pixels, as 224 or HEIGHTxWIDTH", _pixels)
    fit: Fit | None = choice(None, get_args(Fit))
    crop: float | None = number(None, 0, 1, above=True)
    resize: int | None = whole(None)
    mean: tuple[float, ...] | str | None = _per_channel()
    std: tuple[float, ...] | str | None = _per_channel()
    interpolation: str | None = choice(None, INTERPOLATIONS)
    channels: Channels | None = choice(None, get_args(Channels))
    range: str | None = choice(None, ("1", "255"))
    layout: Layout | None = choice(None, get_args(Layout))


def parse_preprocessing(
    spec: Spec,
    options: PixelOptions,
    configured: Preprocessing | None = None,
    wanted_input: Input | None = None,
) -> Preprocessing:
    """The preprocessing that a spec's options spell out.

    Args:
        configured: what the model's own configuration says; options override it one by one. Without it, ``mean`` and
            ``std`` have to be given: a wrong guess would be silent.
        wanted_input: what the model itself says.
    """
    wants = wanted_input or Input()
    wanted = _size(spec, options, configured, wants.size)
    channels = options.channels or ("grey" if wants.channels == 1 else configured.channels if configured else "rgb")
    if configured is None and (options.mean is None or options.std is None):
        raise UsageError(
            f"{spec.text!r}: nothing says how the model wants its pixels: add mean=… and std=… (mean=imagenet,"
            "std=imagenet for most networks trained on ImageNet, mean=0,std=1 for pixels in [0, 1])"
        )
    base = configured or Preprocessing(wanted, wanted, layout=wants.layout)
    mean = _of_channels(spec, "mean", options, channels) or base.mean
    std = _of_channels(spec, "std", options, channels) or base.std
    count = 1 if channels == "grey" else 3
    if len(mean) != count or len(std) != count:
        raise UsageError(f"{spec.text!r}: channels={channels} needs mean and std of {count} number(s)")
    if wants.channels not in (None, count):
        raise UsageError(
            f"{spec.text!r}: the model takes pictures of {wants.channels} channel(s), and channels={channels} is "
            f"{count}: correct channels"
        )
    scale = int(options.range) if options.range else base.range
    if wants.eight_bit:
        if options.range == "1" or set(mean) != {0.0} or set(std) != {1.0}:
            raise UsageError(
                f"{spec.text!r}: the model takes whole numbers from 0 to 255 and normalises them itself: say "
                "mean=0,std=1, and no range=1"
            )
        scale = 255
    if min(std) <= 0:
        raise UsageError(f"{spec.text!r}: std must be above 0")
    cuts = options.crop is not None or options.resize is not None
    return Preprocessing(
        size=wanted,
        resize=_resize(spec, options, base, wanted),
        fit=options.fit or ("crop" if cuts else base.fit),
        mean=mean,
        std=std,
        interpolation=options.interpolation or base.interpolation,
        channels=channels,
        range=scale,
        layout=options.layout or base.layout,
    )


def _before_cropping(size: tuple[int, int], crop: float) -> tuple[int, int]:
    return math.floor(size[0] / crop), math.floor(size[1] / crop)


def _size(
    spec: Spec, options: PixelOptions, configured: Preprocessing | None, fixed: tuple[int, int] | None
) -> tuple[int, int]:
    wanted = options.size or fixed or (configured.size if configured else None)
    if wanted is None:
        raise UsageError(f"{spec.text!r}: the model does not say what size it wants: add size=…, such as size=224")
    if fixed is not None and wanted != fixed:
        raise UsageError(
            f"{spec.text!r}: the model takes {fixed[0]}x{fixed[1]} pixels only: leave out size={spec.options['size']}"
        )
    return wanted


def _resize(spec: Spec, options: PixelOptions, base: Preprocessing, size: tuple[int, int]) -> tuple[int, int]:
    """What the picture is resized to before it is cut."""
    if options.crop is not None and options.resize is not None:
        raise UsageError(f"{spec.text!r}: crop and resize say the same thing: give one")
    if options.crop is not None:
        return _before_cropping(size, options.crop)
    if options.resize is not None:
        if options.resize < max(size):
            raise UsageError(f"{spec.text!r}: resize={options.resize} is smaller than the size that is cut out of it")
        # The shorter side of the size is not widened by more than the longer one.
        scale = options.resize / max(size)
        return round(size[0] * scale), round(size[1] * scale)
    return base.resize if size == base.size else _before_cropping(size, base.size[0] / base.resize[0])


def _of_channels(
    spec: Spec, name: Literal["mean", "std"], options: PixelOptions, channels: Channels
) -> tuple[float, ...] | None:
    values: tuple[float, ...] | str | None = getattr(options, name)
    if isinstance(values, str):
        if channels == "grey" or options.range == "255":
            raise UsageError(f"{spec.text!r}: {name}=imagenet is for three channels in the range 1: give numbers")
        return IMAGENET[name] if channels == "rgb" else IMAGENET[name][::-1]
    return values * 3 if values and len(values) == 1 and channels != "grey" else values
