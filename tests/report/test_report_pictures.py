from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffex_cli.report import store
from diffex_cli.report.pictures import Album, Gallery


def picture(file: Path, color: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (32, 24)) -> Path:
    Image.new("RGB", size, color).save(file)
    return file


def test_each_different_picture_is_stored_once(tmp_path: Path) -> None:
    red, same, blue = picture(tmp_path / "a.png"), picture(tmp_path / "b.png"), picture(tmp_path / "c.png", (0, 0, 99))
    album = Album([red, blue, same, red])
    assert [album.number(file) for file in (red, same, blue)] == [0, 0, 1]
    assert [one.file for one in album.pictures] == [red, blue]
    assert album.number(None) is None
    assert album.number(tmp_path / "unasked.png") is None


def test_a_thumbnail_is_a_webp_of_at_most_192_pixels(tmp_path: Path) -> None:
    (large,) = Album([picture(tmp_path / "a.png", size=(640, 320))]).pictures
    with Image.open(io.BytesIO(large.webp)) as opened:
        assert (opened.format, opened.size) == ("WEBP", (192, 96))
        pixel = opened.convert("RGB").getpixel((50, 50))
    assert isinstance(pixel, tuple)
    assert all(abs(got - made) < 8 for got, made in zip(pixel, (200, 30, 30), strict=True))
    assert (large.width, large.height) == (192, 96)
    small = Gallery().picture(picture(tmp_path / "b.png"))
    assert small is not None
    assert small.image.size == (32, 24)


def noise(file: Path, size: tuple[int, int], dot: tuple[int, int] | None = None) -> Path:
    """A picture that does not compress well, with a dot of one pixel."""
    pixels = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), np.uint8)
    if dot is not None:
        pixels[dot] = 255 - pixels[dot]
    Image.fromarray(pixels).save(file)
    return file


@pytest.mark.parametrize(
    ("size", "max_pixels", "large"),
    [((192, 100), 1024, None), ((300, 200), 1024, (300, 200)), ((640, 320), 400, (400, 200)), ((640, 320), 0, None)],
)
def test_a_larger_version_is_kept_only_of_what_is_larger_than_its_thumbnail(
    tmp_path: Path, size: tuple[int, int], max_pixels: int, large: tuple[int, int] | None
) -> None:
    kept: dict[str, bytes] = {}
    (one,) = Album([picture(tmp_path / "a.png", size=size)], max_pixels, kept.__setitem__).pictures
    assert (one.own, one.large) == (size, large)
    assert list(kept) == ([] if large is None else [one.name])
    if large is not None:
        with Image.open(io.BytesIO(kept[one.name])) as opened:
            assert (opened.format, opened.size) == ("WEBP", large)


def test_pictures_that_differ_by_one_pixel_at_full_size_are_two(tmp_path: Path) -> None:
    files = [noise(tmp_path / "before.png", (800, 600)), noise(tmp_path / "after.png", (800, 600), (300, 400))]
    album = Album(files, 1024, lambda name, webp: None)
    assert [album.number(file) for file in files] == [0, 1]


@pytest.mark.parametrize("room", [0, 10**6])
def test_the_shelf_holds_what_fits_into_a_page_and_writes_the_rest(tmp_path: Path, room: int) -> None:
    shelf = store.Shelf(tmp_path, room)
    files = [noise(tmp_path / f"{i}.png", (300, 200), (i, i)) for i in range(5)]
    pictures = Album(files, 1024, shelf.put).pictures
    written = {file.name for file in (tmp_path / "assets").glob("*")}
    assert written == (set() if room else {f"f{one.name[1:]}.webp" for one in pictures})
    if room:
        large = store.embedded(pictures, shelf)["large"]
        assert sum(map(len, large["sources"])) == shelf.size  # type: ignore[index]


def test_unreadable_files_are_named_until_there_are_many(tmp_path: Path) -> None:
    files = [tmp_path / f"{i:02d}.png" for i in range(13)]
    files[1].write_bytes(b"no picture")
    album = Album([*files, picture(tmp_path / "whole.png")])
    assert album.number(files[0]) is None
    assert album.number(tmp_path / "whole.png") == 0
    assert len(album.warnings) == 11
    assert str(files[1]) in album.warnings[1]
    assert album.warnings[-1] == "3 more pictures cannot be read either."


def test_the_folder_beside_the_page_holds_what_is_shown_and_nothing_old(tmp_path: Path) -> None:
    first = Album([picture(tmp_path / "a.png"), picture(tmp_path / "b.png", (0, 0, 99))]).pictures
    folder = store.write_beside(first, tmp_path / "report")
    assert folder == tmp_path / "report" / "assets"
    addresses = store.beside(first)
    assert [(tmp_path / "report" / f"{addresses['base']}{name}").read_bytes() for name in addresses["sources"]] == [  # type: ignore[attr-defined]
        one.webp for one in first
    ]
    (folder / "notes.txt").write_text("somebody's")
    store.write_beside(first[1:], tmp_path / "report")
    assert {file.name for file in folder.iterdir()} == {f"{first[1].name}.webp", "notes.txt"}
    store.remove_beside(tmp_path / "report")
    assert (folder / "notes.txt").exists()
    (folder / "notes.txt").unlink()
    store.remove_beside(tmp_path / "report")
    assert not folder.exists()


@pytest.mark.parametrize("count", [0, 3])
def test_the_size_in_the_page_is_known_beforehand(tmp_path: Path, count: int) -> None:
    pictures = Album([picture(tmp_path / f"{i}.png", (60 * i, 0, 0)) for i in range(count)]).pictures
    assert store.embedded_size(pictures) == sum(map(len, store.embedded(pictures)["sources"]))  # type: ignore[call-overload]
