"""Which files of a folder are pictures."""

from pathlib import Path

from PIL import Image

from diffex_cli.artifacts.picture_folder import pictures_in
from diffex_cli.artifacts.pictures import SUFFIXES, read_picture

PICTURE = Image.new("RGB", (4, 4), "red")


def test_every_ending_is_one_that_is_read(tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        format = {".jfif": "JPEG", ".jpe": "JPEG", ".pbm": "PPM", ".pnm": "PPM", ".pgm": "PPM"}.get(suffix)
        PICTURE.save(tmp_path / f"a{suffix}", format=format)
        assert read_picture(tmp_path / f"a{suffix}").picture.size == (4, 4), suffix
    found = pictures_in(tmp_path)
    assert {path.suffix for path in found.files} == set(SUFFIXES)
    assert found.left_out is None


def test_hidden_files_and_shadows_are_counted_and_links_followed(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "photos", tmp_path / "elsewhere"
    for place in (folder / ".ipynb_checkpoints", folder / "__MACOSX", folder / "cat", elsewhere):
        place.mkdir(parents=True)
        PICTURE.save(place / "a.JPG", format="JPEG")
    PICTURE.save(folder / "._a.png")
    (folder / "cat" / "notes.txt").write_text("a cat")
    (folder / "labels.csv").write_text("a,cat")
    (folder / "README").write_text("cats")
    (folder / "dog").symlink_to(elsewhere)
    (folder / "cat" / "round").symlink_to(folder)
    found = pictures_in(folder)
    assert [path.relative_to(folder).as_posix() for path in found.files] == ["cat/a.JPG", "dog/a.JPG"]
    assert found.left_out == (
        f"left out of {folder}: 3 files that are no pictures (.csv 1, .txt 1, no ending 1), 1 hidden file"
    )
