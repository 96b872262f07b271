"""The column ``file`` of images.parquet and of the edits: paths below the run, to regular files."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from surroundings import BACKENDS, CLASSIFIER, EDITOR, Place, copy_of, diffex, make_place, told, unchanged

from diffex_cli.artifacts.row_rules import is_outside
from diffex_cli.artifacts.rows import EditRow, InputImage
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.schemas import EDITS, IMAGES
from diffex_cli.artifacts.tables import TableSchema, make_table, write_table
from diffex_cli.core.errors import UsageError
from diffex_cli.core.inside import Inside

LEADING_AWAY = {
    "absolute": "{outside}/secret.png",
    "upwards": "../outside/secret.png",
    "up and down": "images/../../outside/secret.png",
    "by a link": "borrowed/secret.png",
    "to a link": "images/secret.png",
    "to a FIFO": "images/fifo.png",
    "to a folder": "images",
    "to nothing": "",
    "to a path that is none": "images/a\0b.png",
    "to a name that is too long": f"images/{'n' * 300}.png",
}
COMMANDS = {
    "edit": ("edit", *EDITOR),
    "score": ("score", *CLASSIFIER),
    "search": ("search", "--target", "blue", *BACKENDS),
    "report": ("report",),
    "terminal": ("report", "--terminal"),
    "study": ("study", "make", "--kind", "quality"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_place(tmp_path_factory.mktemp("rows") / "made")


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Place:
    """A run beside a picture that nobody is to see, with ways that lead to it."""
    found = copy_of(made, tmp_path / "place")
    secret = found.outside / "secret.png"
    secret.write_bytes(next((found.run / "images").glob("*.png")).read_bytes())
    (found.run / "borrowed").symlink_to(found.outside)
    (found.run / "images" / "secret.png").symlink_to(secret)
    os.mkfifo(found.run / "images" / "fifo.png")
    return found


def write_foreign(path: Path, schema: TableSchema, rows: Sequence[EditRow | InputImage]) -> None:
    """As a program does that holds nothing against the rules."""
    table = make_table(schema, [dataclasses.asdict(row) for row in rows])
    write_table(path, dataclasses.replace(schema, rules=()), table, {})


def file_of(way: str, place: Place) -> str:
    return LEADING_AWAY[way].replace("{outside}", str(place.outside))


def test_an_input_image_is_refused_with_its_row(place: Place) -> None:
    run = RunDirectory(place.run)
    images = list(run.images())
    for way in LEADING_AWAY:
        images[1] = dataclasses.replace(images[1], file=file_of(way, place))
        write_foreign(run.path / "images.parquet", IMAGES, images)
        with pytest.raises(
            UsageError, match=r"images\.parquet, row 2(: the file |, column file: a path below the run )"
        ):
            RunDirectory(place.run).images()


@pytest.mark.parametrize("way", ["upwards", "to a FIFO"])
def test_every_command_refuses_it(place: Place, way: str) -> None:
    run = RunDirectory(place.run)
    images = list(run.images())
    images[1] = dataclasses.replace(images[1], file=file_of(way, place))
    write_foreign(run.path / "images.parquet", IMAGES, images)
    for name, command in COMMANDS.items():
        with unchanged(place):
            result = diffex(*command, "--run", place.run)
        assert result.exit_code == 2, name
        assert "images.parquet, row 2" in told(result), name


def test_an_edit_is_like_one_whose_picture_is_missing(place: Place) -> None:
    run = RunDirectory(place.run)
    rows = [row for row in run.edits().values() if row.status == "ok"]
    for k, (way, row) in enumerate(zip(LEADING_AWAY, rows, strict=False)):
        one = dataclasses.replace(row, file=file_of(way, place))
        write_foreign(run.path / "edits" / f"theirs-{k}.parquet", EDITS, [one])
    with unchanged(place):
        shown = diffex("report", "--terminal", "--json", "--run", place.run)
    assert shown.exit_code == 0
    # a path that is none is seen in the table, and its part left out; another where it leads
    seen = sum(is_outside(file_of(way, place)) for way in LEADING_AWAY)
    assert shown.stdout.count("column file: a path below the run directory") == seen
    assert f"the pictures of {len(LEADING_AWAY) - seen} edits are missing or broken" in shown.stdout
    with unchanged(place):
        again = diffex(*COMMANDS["search"], "--run", place.run)
    assert again.exit_code == 0, told(again)
    assert all(Inside(place.run).has(row.file) for row in RunDirectory(place.run).edits().values() if row.file)


def test_a_picture_that_was_looked_at_before_is_looked_at_again(place: Place) -> None:
    """Nor does the way of a row that was made in a program lead outside."""
    run = RunDirectory(place.run)
    image, edit = run.images()[0], next(row for row in run.edits().values() if row.file)
    for way in LEADING_AWAY:
        with pytest.raises(UsageError, match="cannot be read"):
            run.picture(dataclasses.replace(image, file=file_of(way, place)))
        with pytest.raises(UsageError, match="cannot be read"):
            run.edited_picture(EditRow(**{**dataclasses.asdict(edit), "file": file_of(way, place)}))


PARTS = st.sampled_from(["..", ".", "images", "out", "a.png", "", "link", "~", "\0", "é"])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    (folder / "outside").mkdir()
    (folder / "outside" / "a.png").touch()
    (folder / "run" / "images").mkdir(parents=True)
    (folder / "run" / "images" / "a.png").touch()
    (folder / "run" / "link").symlink_to(folder / "outside")
    return folder / "run"


@given(parts=st.lists(PARTS, max_size=5), start=st.sampled_from(["", "/"]))
def test_what_is_inside_resolves_inside(small: Path, parts: list[str], start: str) -> None:
    relative = start + "/".join(parts)
    if Inside(small).has(relative):
        found = (small / relative).resolve()
        assert found.is_file()
        assert found.is_relative_to(small.resolve())
        assert found == small.resolve() / Path(*[part for part in parts if part not in (".", "")])
