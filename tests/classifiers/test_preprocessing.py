"""From pictures to arrays: by hand where that is easy, and against torchvision's and timm's transforms."""

import dataclasses

import numpy as np
import pytest
from PIL import Image
from torchvision_operators import torchvision_or_skip

from diffex_cli.classifiers.backends.processor import FileOptions
from diffex_cli.classifiers.preprocessing import IMAGENET, Preprocessing, centred, parse_preprocessing
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import parse_spec
from diffex_cli.core.spec_options import read_options

PLAIN = "mean=0,std=1"


def picture(width: int, height: int) -> Image.Image:
    """Smooth, so that a wrong crop or filter shows, and none of its sides alike."""
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 255 / width, y * 255 / height, (np.sin(x / 9) + np.cos(y / 5)) * 60 + 120], axis=2)
    return Image.fromarray(pixels.astype(np.uint8))


PICTURES = [picture(90, 60), picture(61, 97), picture(40, 40), picture(300, 31)]


def parsed(options: str, **known: object) -> Preprocessing:
    spec = parse_spec(f"onnx:m:{options}")
    return parse_preprocessing(spec, read_options(spec, FileOptions()), **known)  # type: ignore[arg-type]


def test_pixels_are_scaled_and_normalised() -> None:
    image = Image.new("RGB", (8, 6), (51, 102, 255))
    unit = parsed("size=4,mean=0.2/0.1/0.5,std=0.5/1/2")([image])
    assert unit.shape == (1, 3, 4, 4)
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit[0, :, 0, 0], [0.0, 0.3, 0.25], atol=1e-6)
    byte = parsed("size=2x3,range=255,mean=1,std=10,layout=nhwc,channels=bgr")([image, image])
    assert byte.shape == (2, 2, 3, 3)
    np.testing.assert_allclose(byte[0, 0, 0], [25.4, 10.1, 5.0], atol=1e-5)
    grey = parsed(f"size=4,{PLAIN},channels=grey")([image])
    assert grey.shape == (1, 1, 4, 4)
    np.testing.assert_allclose(grey, round(0.299 * 51 + 0.587 * 102 + 0.114 * 255) / 255, atol=1e-6)


def test_imagenets_numbers_follow_the_order_of_the_channels() -> None:
    options = "size=4,mean=imagenet,std=imagenet"
    assert parsed(options).mean == IMAGENET["mean"]
    assert parsed(f"{options},channels=bgr").std == IMAGENET["std"][::-1]


def test_how_a_picture_is_fitted() -> None:
    # Left half black, right half white: what is kept shows in the columns.
    wide = Image.new("RGB", (80, 20))
    wide.paste((255, 255, 255), (40, 0, 80, 20))
    squash = parsed(f"size=8,{PLAIN},interpolation=nearest")([wide])[0, 0]
    np.testing.assert_array_equal(squash[3], [0, 0, 0, 0, 1, 1, 1, 1])
    cut = parsed(f"size=8,{PLAIN},interpolation=nearest,crop=1")([wide])[0, 0]
    np.testing.assert_array_equal(cut[3], [0, 0, 0, 0, 1, 1, 1, 1])
    padded = parsed("size=8,mean=0.2,std=1,interpolation=nearest,fit=pad")([wide])[0, 0]
    np.testing.assert_allclose(padded[0], 0, atol=1e-6)
    np.testing.assert_allclose(padded[3], [-0.2] * 4 + [0.8] * 4, atol=1e-6)
    corner = Image.new("RGB", (80, 20))
    corner.paste((255, 255, 255), (0, 0, 10, 20))
    assert parsed(f"size=8,{PLAIN},interpolation=nearest")([corner])[0, 0, 0, 0] == 1
    assert parsed(f"size=8,{PLAIN},interpolation=nearest,fit=crop")([corner]).max() == 0


def test_padding_has_the_mean_in_every_order_of_channels() -> None:
    for options in ("mean=0.2/0.4/0.6,std=1", "mean=51/102/153,std=1,range=255", "mean=0.2/0.4/0.6,std=1,channels=bgr"):
        corner = parsed(f"size=8,fit=pad,{options}")([Image.new("RGB", (80, 20), "white")])[0, :, 0, 0]
        np.testing.assert_allclose(corner, 0, atol=1e-6)


@pytest.mark.parametrize(("size", "resize"), [(32, 37), (32, 32), (25, 30), (1, 1)])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_torchvisions_preset_to_the_bit(size: int, resize: int, interpolation: str) -> None:
    torchvision_or_skip()
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms._presets import ImageClassification

    preset = ImageClassification(
        crop_size=size, resize_size=resize, interpolation=InterpolationMode(interpolation), antialias=True
    )
    own = parsed(f"size={size},resize={resize},mean=imagenet,std=imagenet,interpolation={interpolation}")
    for image in PICTURES:
        np.testing.assert_array_equal(own([image])[0], preset(image).numpy())


@pytest.mark.parametrize("mode", ["center", "squash", "border"])
@pytest.mark.parametrize(("size", "crop"), [((32, 32), 0.875), ((32, 32), 1.0), ((24, 40), 0.9), ((40, 24), 1.0)])
def test_timms_transforms_to_the_bit(mode: str, size: tuple[int, int], crop: float) -> None:
    torchvision_or_skip()
    data = pytest.importorskip("timm.data")
    from diffex_cli.classifiers.backends.timm import _FITS

    transform = data.create_transform(
        (3, *size), crop_pct=crop, crop_mode=mode, interpolation="bicubic", mean=(0.5, 0.4, 0.3), std=(0.5, 0.4, 0.2)
    )
    own = centred(size, crop, _FITS[mode], (0.5, 0.4, 0.3), (0.5, 0.4, 0.2), "bicubic")
    for image in PICTURES:
        np.testing.assert_allclose(own([image])[0], transform(image).numpy(), atol=1e-6)


def test_options_override_a_configuration_one_by_one() -> None:
    base = centred((224, 224), 0.875, "crop", (0.5,) * 3, (0.25,) * 3, "bicubic")
    assert base.resize == (256, 256)
    assert parsed("batch=3", configured=base) == base
    assert parsed("mean=0.1", configured=base) == dataclasses.replace(base, mean=(0.1,) * 3)
    assert parsed("crop=1", configured=base) == dataclasses.replace(base, resize=(224, 224))
    larger = parsed("size=384", configured=base)
    assert (larger.size, larger.resize, larger.fit) == ((384, 384), (438, 438), "crop")
    assert parsed("size=112,fit=squash,crop=1", configured=base).fit == "squash"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (PLAIN, "does not say what size it wants: add size=…"),
        ("size=4", "nothing says how the model wants its pixels"),
        (f"size=0,{PLAIN}", "size must be pixels, as 224 or HEIGHTxWIDTH, not '0'"),
        (f"size=4x4x4,{PLAIN}", "size must be pixels"),
        ("size=4,mean=0.1/0.2,std=1", r"channels=rgb needs mean and std of 3 number\(s\)"),
        ("size=4,mean=nan,std=1", "mean must be numbers with / between them, or imagenet, not 'nan'"),
        ("size=4,mean=imagenet,std=1,range=255", "mean=imagenet is for three channels in the range 1"),
        ("size=4,mean=0,std=-1", "std must be above 0"),
        (f"size=4,crop=1.5,{PLAIN}", r"crop must be a number above 0 and up to 1, not '1\.5'"),
        (f"size=4,crop=0.5,resize=8,{PLAIN}", "crop and resize say the same thing"),
        (f"size=8,resize=4,{PLAIN}", "resize=4 is smaller than the size that is cut out of it"),
        (f"size=4,interpolation=cubic,{PLAIN}", r"not 'cubic' \(did you mean 'bicubic'\?\)"),
        (f"size=4,range=1.0,{PLAIN}", "range must be one of 1, 255"),
    ],
)
def test_a_wrong_option_is_refused(options: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parsed(options)
