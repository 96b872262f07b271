"""Pictures of people: any of them is read, named and passed over, or refused in a sentence; none hangs or escapes."""

from __future__ import annotations

import contextlib
import io
import os
import socket
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pipeline import SILENT
from pipeline import settings as run_settings

from diffex_cli.artifacts.picture_folder import pictures_in
from diffex_cli.artifacts.pictures import read_picture
from diffex_cli.artifacts.rgb import FIRST, INKS, LAID, SCALED
from diffex_cli.core.errors import UsageError
from diffex_cli.core.text_files import readable
from diffex_cli.corpus import corpus
from diffex_cli.measure import classify

PICTURE = Image.fromarray(np.arange(12 * 10 * 3, dtype=np.uint8).reshape(12, 10, 3))


def encoded(format: str, **how: object) -> bytes:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "a camera"
    exif.get_ifd(0x8769)[0x9286] = b"a comment"
    PICTURE.save(file, format=format, exif=exif.tobytes(), **how)
    return file.getvalue()


FILES = {
    ".png": encoded("PNG"),
    ".jpg": encoded("JPEG", quality=50),
    ".tif": encoded("TIFF"),
    ".webp": encoded("WEBP", lossless=True),
}
CASES = st.sampled_from(sorted(FILES)).flatmap(
    lambda suffix: st.tuples(
        st.just(suffix), st.lists(st.integers(0, 8 * len(FILES[suffix]) - 1), min_size=1, max_size=6)
    )
)


def flipped(content: bytes, bits: list[int]) -> bytes:
    changed = bytearray(content)
    for bit in bits:
        changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(CASES)
def test_flipped_bits_are_read_or_refused(tmp_path: Path, case: tuple[str, list[int]]) -> None:
    suffix, bits = case
    file = tmp_path / f"a{suffix}"
    file.write_bytes(flipped(FILES[suffix], bits))
    with contextlib.suppress(OSError):
        assert read_picture(file).picture.mode == "RGB"


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(bits=st.lists(st.integers(0, 8 * 120 - 1), min_size=1, max_size=8))
def test_a_broken_exif_block_costs_no_picture(tmp_path: Path, bits: list[int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8298] = "somebody"
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 0.0)
    block = exif.tobytes()
    file = tmp_path / "a.jpg"
    PICTURE.save(file, format="JPEG", exif=flipped(block, [bit % (8 * (len(block) - 6)) + 48 for bit in bits]))
    assert read_picture(file).picture.size in (PICTURE.size, PICTURE.size[::-1])


def grey16() -> Image.Image:
    return Image.fromarray(np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8))


def palette_with_a_hole() -> Image.Image:
    image = PICTURE.quantize(8)
    image.info["transparency"] = 0
    return image


MODES = {
    "grey16.png": (grey16(), SCALED),
    "float.tif": (Image.fromarray(np.linspace(-1, 1, 64).astype(np.float32).reshape(8, 8)), SCALED),
    "alpha.png": (Image.new("RGBA", (8, 8), (9, 9, 9, 100)), LAID),
    "palette.png": (palette_with_a_hole(), LAID),
    "ink.jpg": (Image.new("CMYK", (8, 8), (10, 20, 30, 40)), INKS),
    "bits.png": (Image.new("1", (8, 8), 1), None),
}


@pytest.mark.parametrize("name", MODES)
def test_every_kind_is_rgb_and_what_it_took_is_said(name: str, tmp_path: Path) -> None:
    image, note = MODES[name]
    image.save(tmp_path / name)
    found = read_picture(tmp_path / name)
    assert found.picture.mode == "RGB"
    assert found.notes == (() if note is None else (note,))


def test_of_an_animation_the_first_frame_is_taken_and_that_is_said(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    found = read_picture(tmp_path / "a.gif")
    assert found.notes == (FIRST,)
    assert found.picture.getpixel((0, 0))[0] > 200


def folder_of_trouble(folder: Path) -> None:
    """One good picture, and everything that is none."""
    folder.mkdir()
    PICTURE.save(folder / "good.png")
    (folder / "empty.png").touch()
    (folder / "torn.jpg").write_bytes(FILES[".jpg"][: len(FILES[".jpg"]) // 3])
    (folder / "text.png").write_text("no picture")
    (folder / "other.jpg").write_bytes(encoded("PNG")[:60])
    Image.fromarray(np.full((4, 4), np.nan, np.float32)).save(folder / "nan.tif")
    os.mkfifo(folder / "pipe.png")
    (folder / "gone.png").symlink_to(folder / "nowhere.png")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    (folder / "round").symlink_to(folder)


def test_one_bad_file_is_named_and_passed_over(tmp_path: Path) -> None:
    folder_of_trouble(tmp_path / "pictures")
    (tmp_path / "hierarchy.yaml").write_text("schema: diffex.corpus/1\ndomain: shapes\nnodes: [{name: edge}]\n")
    summary = corpus.run(run_settings(tmp_path), SILENT)
    assert summary.images == 1
    for name in ("empty.png", "torn.jpg", "text.png", "other.jpg", "nan.tif"):
        assert sum(f"pictures/{name}" in warning.partition(":")[0] for warning in summary.warnings) == 1
    left_out = pictures_in(tmp_path / "pictures").left_out
    assert left_out is not None
    assert "3 files that are no pictures (.png 3)" in left_out


def test_a_pipe_or_socket_is_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path has to be short
    os.mkfifo("pipe.png")
    with socket.socket(socket.AF_UNIX) as open_:
        open_.bind("socket.png")
        for name, kind in (("pipe.png", "named pipe"), ("socket.png", "socket")):
            with pytest.raises(OSError, match=f"it is a {kind}, not a file"):
                read_picture(Path(name))
            with pytest.raises(UsageError, match=f"passed over {name}: it is a {kind}"):
                classify.run(run_settings(tmp_path), [Path(name)], 1, SILENT)


def test_a_name_that_is_not_utf8_is_written_out(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    PICTURE.save(os.fsdecode(os.fsencode(tmp_path / "pictures") + b"/caf\xe9.png"))
    (tmp_path / "pictures" / os.fsdecode(b"\xe8.png")).write_text("no picture")
    (tmp_path / "hierarchy.yaml").write_text("schema: diffex.corpus/1\ndomain: shapes\nnodes: [{name: edge}]\n")
    made = run_settings(tmp_path)
    summary = corpus.run(made, SILENT)
    assert corpus.RunDirectory(made.run).images()[0].source == r"caf\xe9.png"
    assert any(r"\xe8.png" in warning for warning in summary.warnings)
    for warning in summary.warnings:
        warning.encode()
    found = classify.run(made, [tmp_path / "pictures"], 1, SILENT)
    assert found.images[0].file.name == r"caf\xe9.png"


def test_readable_keeps_what_can_be_read() -> None:
    assert readable("Größe 鳥.png") == "Größe 鳥.png"
    assert readable("\ud800") == r"\ud800"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to the superuser")
def test_a_folder_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "a.png")
    (tmp_path / "closed").mkdir(mode=0)
    left_out = pictures_in(tmp_path).left_out
    assert left_out is not None
    assert "what may not be read" in left_out
    assert str(tmp_path / "closed") in left_out


def test_a_picture_of_too_many_pixels_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    PICTURE.save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # it has 120
    assert read_picture(tmp_path / "a.png").picture.size == PICTURE.size
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    with pytest.raises(OSError, match="larger than the 100 pixels that are read"):
        read_picture(tmp_path / "a.png")
