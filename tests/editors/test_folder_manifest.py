"""Edited images that somebody else made, listed in a table."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from diffex_cli.artifacts.keys import image_key
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Term
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.folder import FolderEditor

INPUT = Image.new("RGB", (6, 4), (10, 20, 30))
KEY = image_key(INPUT)
CREST, TAIL = Term("head/crest", "tall crest"), Term("tail", "long tail", remove=True)
ROWS = [
    {"image": KEY[:16], "node": "head/crest", "file": "1.png"},
    {"image": KEY, "prompt": "long tail", "remove": True, "file": "2.png"},
    {"image": KEY[:20], "prompt": "tall crest + -long tail", "remove": False, "file": "3.png"},
    {"image": KEY, "file": "0.png"},
    {"image": "0" * 16, "node": "head/crest", "file": "9.png"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "edits"
    path.mkdir()
    for n in range(4):
        Image.new("RGB", INPUT.size, (n, n, n)).save(path / f"{n}.png")
    return path


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=["image", "prompt", "node", "remove", "file"])
            writer.writeheader()
            writer.writerows(rows)
    elif path.suffix == ".parquet":
        columns = {name: [row.get(name) for row in rows] for name in ("image", "prompt", "node", "remove", "file")}
        pq.write_table(pa.table(columns), path)
    else:
        path.write_text(yaml.safe_dump(list(rows)))


def opened(folder: Path, manifest: str, options: str = "") -> FolderEditor:
    return FolderEditor(parse_spec(f"folder:{folder}:manifest={manifest}{options}"))


def edited(editor: FolderEditor, *terms: Term) -> EditResult:
    (result,) = editor.edit({KEY: INPUT}, [EditRequest("k", KEY, Candidate(terms))], 0)
    return result


def number(result: EditResult) -> int:
    assert (result.status, result.reason) == ("ok", None)
    assert result.image is not None
    pixel = result.image.getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return int(pixel[0])


@pytest.mark.parametrize("name", ["m.csv", "m.parquet", "m.yaml", "m.yml"])
def test_every_kind_of_table(folder: Path, name: str) -> None:
    write(folder / name, ROWS)
    editor = opened(folder, name)
    assert number(edited(editor, CREST)) == 1
    assert number(edited(editor, TAIL)) == 2
    assert number(edited(editor, CREST, TAIL)) == 3
    assert number(edited(editor)) == 0


def test_nodes_are_found_by_either_name(folder: Path) -> None:
    write(folder / "m.yaml", ROWS)
    editor = opened(folder, "m.yaml")
    assert number(edited(editor, Term("head/crest", "other words"))) == 1
    assert number(edited(editor, Term("other/id", "long tail", remove=True))) == 2
    assert edited(editor, Term("other/id", "long tail")).status == "failed"


def test_what_is_not_listed_or_not_there_fails(folder: Path) -> None:
    write(folder / "m.csv", [*ROWS, {"image": KEY, "node": "wing", "file": "gone.png"}])
    editor = opened(folder, "m.csv")
    missing = edited(editor, Term("beak", "beak"))
    assert missing.status == "failed"
    assert str(missing.reason).endswith(f"looked for a row of m.csv for image {KEY[:16]} and beak")
    gone = edited(editor, Term("wing", "wing"))
    assert (gone.status, gone.reason) == ("failed", "gone.png cannot be read: No such file or directory")


def test_without_a_baseline_the_input_is_it(folder: Path) -> None:
    write(folder / "m.csv", ROWS[:1])
    (result,) = opened(folder, "m.csv").edit({KEY: INPUT}, [EditRequest("k", KEY, RECONSTRUCTION)], 0)
    assert result.image is not None
    assert result.image.tobytes() == INPUT.tobytes()


def test_images_by_their_source_files(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "originals" / "wild").mkdir(parents=True)
    INPUT.save(tmp_path / "originals" / "wild" / "bird.png")
    for name in ("wild/bird.png", "wild/bird", "wild--bird"):
        write(folder / "m.csv", [{"image": name, "node": "head/crest", "file": "1.png"}])
        assert number(edited(opened(folder, "m.csv", f",originals={tmp_path / 'originals'}"), CREST)) == 1
    with pytest.raises(UsageError, match=r"m\.csv, row 1: the image 'wild--bird' is neither .* originals=DIR"):
        edited(opened(folder, "m.csv"), CREST)


def test_two_rows_of_one_edit_are_refused(folder: Path) -> None:
    by_prompt = {"image": KEY, "prompt": "tall crest", "file": "2.png"}
    for second in ({**ROWS[0], "file": "2.png"}, by_prompt):
        write(folder / "m.csv", [ROWS[0], second])
        with pytest.raises(UsageError, match=r"1\.png and .*2\.png are both head/crest of the image"):
            edited(opened(folder, "m.csv"), CREST)
    write(folder / "m.csv", [ROWS[0], ROWS[0]])
    assert number(edited(opened(folder, "m.csv"), CREST)) == 1


@pytest.mark.parametrize("file", ["../secret.png", "/etc/secret.png", "sub/../../secret.png", "link.png"])
def test_files_outside_are_refused(folder: Path, tmp_path: Path, file: str) -> None:
    INPUT.save(tmp_path / "secret.png")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    write(folder / "m.csv", [{**ROWS[0], "file": file}])
    with pytest.raises(UsageError, match=r"m\.csv, row 1: the file '.*' leads out of "):
        edited(opened(folder, "m.csv"), CREST)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"prompt": "tall crest"}, "by node or by prompt, not by both"),
        ({"remove": "perhaps"}, "remove is 'perhaps': write true or false"),
        ({"node": "a + b", "remove": "true"}, "belongs to one attribute"),
        ({"node": "", "remove": "true"}, "belongs to one attribute"),
        ({"file": ""}, "no file: name the edited picture"),
        ({"image": "cat.png"}, "the image 'cat.png' is neither"),
    ],
)
def test_bad_rows_are_named(folder: Path, row: Mapping[str, str], sentence: str) -> None:
    write(folder / "m.csv", [ROWS[1], {**ROWS[0], **row}])
    with pytest.raises(UsageError, match=f"m.csv, row 2: .*{sentence}"):
        edited(opened(folder, "m.csv"), CREST)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("gone.csv", None, "there is no manifest .*gone.csv: manifest=FILE is relative to the folder"),
        ("m.xlsx", "", "must be one of .csv, .parquet, .yaml, .yml"),
        ("m.parquet", "no parquet", "cannot be read"),
        ("m.yaml", "- [", "is not valid YAML, line 1"),
        ("m.yaml", "image: 1", "must be a list of rows"),
        ("m.csv", "image,node,file\n", "must be a list of rows"),
        ("m.csv", "image,nod,file\na,b,c\n", "has a column 'nod'; the columns are image"),
    ],
)
def test_bad_manifests_are_named(folder: Path, name: str, content: str | None, sentence: str) -> None:
    if content is not None:
        (folder / name).write_text(content)
    with pytest.raises(UsageError, match=sentence):
        edited(opened(folder, name), CREST)


def test_the_fingerprint_is_of_the_manifest_and_its_pictures(folder: Path) -> None:
    write(folder / "m.csv", ROWS[:2])
    first = opened(folder, "m.csv").fingerprint
    INPUT.save(folder / "3.png")
    assert opened(folder, "m.csv").fingerprint == first, "a picture that is not listed"
    INPUT.save(folder / "2.png")
    second = opened(folder, "m.csv").fingerprint
    write(folder / "m.csv", ROWS[:3])
    assert len({first, second, opened(folder, "m.csv").fingerprint}) == 3
