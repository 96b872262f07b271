"""Edited images that somebody else made: by file name, and what becomes of those that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from diffex_cli.artifacts.keys import image_key
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Term
from diffex_cli.core.registry import EDITORS, find, parse_spec
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.folder import FolderEditor

SIZE = (6, 4)
INPUT = Image.new("RGB", SIZE, (10, 20, 30))
OTHER = Image.new("RGB", SIZE, (40, 50, 60))
KEY = image_key(INPUT)
DIGITS = KEY[:16]
CREST = Candidate((Term("head/crest", "tall crest"),))
BALD = Candidate((Term("head/crest", "tall crest", remove=True),))
BOTH = Candidate((Term("tail", "long tail", remove=True), Term("head/crest", "tall crest")))


def save(folder: Path, name: str, colour: tuple[int, int, int] = (200, 0, 0), size: tuple[int, int] = SIZE) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, lossless=True)


def opened(folder: Path, options: str = "") -> FolderEditor:
    return FolderEditor(parse_spec(f"folder:{folder}" + (f":{options}" if options else "")))


def edited(editor: FolderEditor, candidate: Candidate, picture: Image.Image = INPUT) -> EditResult:
    (result,) = editor.edit({image_key(picture): picture}, [EditRequest("k", image_key(picture), candidate)], 0)
    assert result.key == "k"
    return result


def colour(result: EditResult) -> object:
    assert (result.status, result.reason) == ("ok", None)
    assert result.image is not None
    assert (result.image.size, result.image.mode) == (SIZE, "RGB")
    return result.image.getpixel((0, 0))


def test_it_is_installed() -> None:
    assert find(EDITORS, "folder") is FolderEditor


@pytest.mark.parametrize(
    ("name", "candidate"),
    [
        (f"head--crest/{DIGITS}.png", CREST),
        (f"{DIGITS}__head--crest.webp", CREST),
        (f"-head--crest/{DIGITS}.PNG", BALD),
        (f"{DIGITS}__head--crest+-tail.bmp", BOTH),
        (f"reconstruction/{DIGITS}.png", RECONSTRUCTION),
        (f"{DIGITS}__reconstruction.png", RECONSTRUCTION),
    ],
)
def test_both_naming_schemes(tmp_path: Path, name: str, candidate: Candidate) -> None:
    save(tmp_path, name)
    save(tmp_path, f"something-else/{DIGITS}.png", (1, 2, 3))
    assert colour(edited(opened(tmp_path), candidate)) == (200, 0, 0)


def test_names_of_source_files(tmp_path: Path) -> None:
    edits, originals = tmp_path / "edits", tmp_path / "originals"
    save(originals, "wild/bird.one.png", (10, 20, 30))
    save(originals, "bird.png", (40, 50, 60))
    (originals / "broken.png").write_text("no picture")
    save(edits, "head--crest/wild--bird.one.png", (1, 1, 1))
    save(edits, "bird__head--crest.png", (2, 2, 2))
    editor = opened(edits, f"originals={originals}")
    assert colour(edited(editor, CREST)) == (1, 1, 1)
    assert colour(edited(editor, CREST, OTHER)) == (2, 2, 2)
    assert edited(opened(edits), CREST).status == "failed", "without the originals only keys are names"


def test_source_files_that_share_a_name(tmp_path: Path) -> None:
    save(tmp_path, "a/b.png", (1, 1, 1))
    save(tmp_path, "a--b.png", (2, 2, 2))
    with pytest.raises(UsageError, match=r"a/b\.png and .*a--b\.png would both be called 'a--b': rename one of them"):
        edited(opened(tmp_path, f"originals={tmp_path}"), CREST)


def test_without_a_baseline_the_input_is_it(tmp_path: Path) -> None:
    save(tmp_path, f"head--crest/{DIGITS}.png")
    assert colour(edited(opened(tmp_path), RECONSTRUCTION)) == (10, 20, 30)


def test_what_is_not_there_fails_alone(tmp_path: Path) -> None:
    save(tmp_path, f"head--crest/{DIGITS}.png", size=(5, 5))
    save(tmp_path, f"tail/{DIGITS}.png")
    (tmp_path / f"{DIGITS}__wing.png").write_text("no picture")
    asked = [BALD, CREST, Candidate((Term("wing", "wing"),)), Candidate((Term("tail", "long tail"),))]
    requests = [EditRequest(str(n), KEY, candidate) for n, candidate in enumerate(asked)]
    results = list(opened(tmp_path).edit({KEY: INPUT}, requests, 0))
    assert [result.status for result in results] == ["failed", "failed", "failed", "ok"]
    assert all(result.image is None for result in results[:3])
    missing, small, broken = (result.reason or "" for result in results[:3])
    assert missing.endswith(f"looked for -head--crest/{DIGITS}.png or {DIGITS}__-head--crest.png")
    assert small.startswith(f"head--crest/{DIGITS}.png has 5x5 pixels where the input has 6x4")
    assert broken == f"{DIGITS}__wing.png cannot be read: no picture, or a broken one"
    assert str(tmp_path) not in missing + small + broken


@pytest.mark.parametrize("second", [f"{DIGITS}__head--crest.png", f"head--crest/{DIGITS}.webp"])
def test_two_pictures_of_one_edit_are_refused(tmp_path: Path, second: str) -> None:
    save(tmp_path, f"head--crest/{DIGITS}.png")
    save(tmp_path, second)
    requests = [EditRequest("1", KEY, RECONSTRUCTION), EditRequest("2", KEY, CREST)]
    with pytest.raises(UsageError) as caught:
        next(opened(tmp_path).edit({KEY: INPUT}, requests, 0))
    assert f"head--crest/{DIGITS}.png and " in str(caught.value)
    assert f"{second} are both head/crest of the image {DIGITS}: keep one of them" in str(caught.value)


def test_pictures_outside_are_refused(tmp_path: Path) -> None:
    save(tmp_path, "secret/picture.png")
    (tmp_path / "edits" / "head--crest").mkdir(parents=True)
    link = tmp_path / "edits" / "head--crest" / f"{DIGITS}.png"
    link.symlink_to(tmp_path / "secret" / "picture.png")
    with pytest.raises(UsageError, match=f"{link} leads out of "):
        edited(opened(tmp_path / "edits"), CREST)
    link.unlink()
    (tmp_path / "edits" / "tail").symlink_to(tmp_path / "secret")
    with pytest.raises(UsageError, match=r"edits/tail leads out of "):
        edited(opened(tmp_path / "edits"), CREST)


def test_a_link_inside_is_fine(tmp_path: Path) -> None:
    save(tmp_path, "head--crest/shared.png", (7, 7, 7))
    (tmp_path / "head--crest" / f"{DIGITS}.png").symlink_to("shared.png")
    assert colour(edited(opened(tmp_path), CREST)) == (7, 7, 7)


def test_a_node_named_like_the_baseline(tmp_path: Path) -> None:
    save(tmp_path, f"reconstruction/{DIGITS}.png")
    with pytest.raises(UsageError, match=r"corpus node reconstruction: .*; rename the node"):
        edited(opened(tmp_path), Candidate((Term("reconstruction", "a reconstruction"),)))


def test_the_fingerprint_is_of_names_and_contents(tmp_path: Path) -> None:
    folder = tmp_path / "edits"
    save(folder, "a/1.png")
    first = opened(folder)
    assert opened(folder).fingerprint == first.fingerprint
    assert str(tmp_path) not in str(first.settings)
    save(folder, "a/1.png", (0, 200, 0))
    changed = opened(folder).fingerprint
    (folder / "a" / "1.png").rename(folder / "a" / "2.png")
    renamed = opened(folder).fingerprint
    save(folder, "a/1.png", (0, 200, 0))
    last = opened(folder).fingerprint
    assert len({first.fingerprint, changed, renamed, last}) == 4
    (folder / "notes.txt").write_text("not a picture")
    save(folder, ".trash/1.png")
    assert opened(folder).fingerprint == last
    assert opened(folder, f"originals={folder}").fingerprint != last


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("folder", "names no model: write folder:DIR"),
        ("folder:/nowhere/at/all", "there is no folder /nowhere/at/all"),
        ("folder:.:manifst=a.csv", "unknown option 'manifst' .did you mean 'manifest'"),
        ("folder:.:originals=/nowhere", "there is no folder /nowhere"),
    ],
)
def test_bad_specs_are_refused_at_once(spec: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        FolderEditor(parse_spec(spec))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there are no pictures \(.png"):
        opened(tmp_path).fingerprint  # noqa: B018
