"""Pictures of every mode, as upright 8-bit RGB."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from diffex_cli.artifacts.pictures import open_picture, read_picture
from diffex_cli.artifacts.rgb import FIRST, INKS, LAID, SCALED, upright

NAMES = st.sampled_from(["a.jpg", "a.png", "a.webp"])
RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def written(file: Path, image: Image.Image, **how: object) -> Path:
    image.save(file, **how)
    return file


def grey(file: Path) -> np.ndarray:
    pixels = np.asarray(read_picture(file).picture)
    assert (pixels == pixels[:, :, :1]).all()
    return pixels[:, :, 0]


@pytest.mark.parametrize("name", ["a.png", "a.tiff"])
@pytest.mark.parametrize("scale", [250, 16, 3])
def test_sixteen_bits_are_scaled_and_said(tmp_path: Path, name: str, scale: int) -> None:
    """Pillow's own conversion makes 99 % of this ramp white."""
    file = written(tmp_path / name, Image.fromarray(RAMP.astype(np.uint16) * scale + 1000))
    np.testing.assert_array_equal(grey(file), RAMP)
    assert read_picture(file).notes == (SCALED,)
    with pytest.raises(OSError, match=r"more than 8 bits a pixel: save it with 8"):
        open_picture(file)


def test_numbers_that_fit_in_8_bits_stay(tmp_path: Path) -> None:
    few = (RAMP // 4).astype(np.uint16)
    file = written(tmp_path / "a.png", Image.fromarray(few))
    np.testing.assert_array_equal(grey(file), few)
    assert read_picture(file).notes == ()


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_floats_and_whole_numbers_of_32_bits(tmp_path: Path, kind: type) -> None:
    file = written(tmp_path / "a.tiff", Image.fromarray((RAMP.astype(kind) - 100) * 10))
    np.testing.assert_array_equal(grey(file), RAMP)
    assert read_picture(file).notes == (SCALED,)


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    numbers = RAMP.astype(np.float32)
    numbers[3, 3] = np.nan
    with pytest.raises(OSError, match="it holds numbers that are not finite"):
        read_picture(written(tmp_path / "a.tiff", Image.fromarray(numbers)))


def test_transparency_is_laid_on_white(tmp_path: Path) -> None:
    layers = Image.new("RGBA", (4, 4), (200, 0, 0, 255))
    layers.putpixel((0, 0), (0, 0, 0, 0))
    found = read_picture(written(tmp_path / "a.png", layers))
    assert (found.picture.getpixel((0, 0)), found.picture.getpixel((1, 1))) == ((255, 255, 255), (200, 0, 0))
    assert found.notes == (LAID,)
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([9, 9, 9, 0, 100, 0])
    palette.putpixel((0, 0), 0)
    found = read_picture(written(tmp_path / "b.png", palette, transparency=0))
    assert (found.picture.getpixel((0, 0)), found.picture.getpixel((1, 1))) == ((255, 255, 255), (0, 100, 0))
    opaque = read_picture(written(tmp_path / "c.png", Image.new("RGBA", (4, 4), (200, 0, 0, 255))))
    assert (opaque.picture.getpixel((0, 0)), opaque.notes) == ((200, 0, 0), ())


def test_inks_become_colours(tmp_path: Path) -> None:
    inks = Image.new("CMYK", (4, 4), (0, 255, 255, 0))
    found = read_picture(written(tmp_path / "a.tiff", inks))
    assert found.notes == (INKS,)
    red, green, blue = found.picture.getpixel((1, 1))
    assert red > 200 > 60 > max(green, blue)
    broken = read_picture(written(tmp_path / "b.tiff", inks, icc_profile=b"no profile"))
    assert broken.picture.getpixel((1, 1)) == (red, green, blue)


def test_a_profile_of_colours_changes_no_number(tmp_path: Path) -> None:
    """What classifiers are trained with reads them so, too."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = Image.new("RGB", (4, 4), (12, 34, 56))
    found = read_picture(written(tmp_path / "a.png", picture, icc_profile=profile)).picture
    assert found.getpixel((0, 0)) == (12, 34, 56)


def test_of_several_frames_the_first_is_taken_and_said(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue")]
    for name in ("a.gif", "a.tiff", "a.webp"):
        found = read_picture(written(tmp_path / name, frames[0], save_all=True, append_images=frames[1:]))
        assert found.notes == (FIRST,), name
        assert found.picture.getpixel((0, 0))[0] > 200, name


@pytest.mark.parametrize("turn", range(1, 9))
def test_every_orientation_is_turned_as_pillow_does(turn: int) -> None:
    from PIL import ImageOps

    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = turn
    file = io.BytesIO()
    picture.save(file, format="PNG", exif=exif)
    with Image.open(file) as image:
        np.testing.assert_array_equal(np.asarray(upright(image).picture), np.asarray(ImageOps.exif_transpose(image)))


@given(flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 7)), min_size=1, max_size=8), name=NAMES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_broken_exif_is_nobodys_business(tmp_path: Path, flips: list[tuple[int, int]], name: str) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x9003] = 6, "maker", "2026:01:01 00:00:00"
    raw = bytearray(exif.tobytes())
    for place, bit in flips:
        raw[place % len(raw)] ^= 1 << bit
    file = written(tmp_path / name, Image.new("RGB", (4, 6)), exif=bytes(raw))
    with contextlib.suppress(OSError):  # what Pillow itself cannot open for it
        assert read_picture(file).picture.mode == "RGB"


def test_a_pointer_of_git_lfs_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n")
    with pytest.raises(OSError, match="it is a Git LFS pointer"):
        read_picture(tmp_path / "a.png")
