from __future__ import annotations

import io
from pathlib import Path

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
