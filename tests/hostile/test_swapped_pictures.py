"""A picture that is not the one that the run's tables name is never scored and never shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from surroundings import BACKENDS, CLASSIFIER, EDITOR, Place, copy_of, diffex, make_place, told

from diffex_cli.artifacts import verified
from diffex_cli.artifacts.keys import image_key
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.verified import named_key

SEARCH = ("search", "--target", "blue", *BACKENDS)
FOREIGN = Image.new("RGB", (8, 8), (1, 2, 3))
NOT_MADE = "are not those that their rows name"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_place(tmp_path_factory.mktemp("swapped") / "made")


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Place:
    return copy_of(made, tmp_path / "place")


def some_edit(place: Place) -> EditRow:
    """One of the last search's that is shown: of an attribute at a root."""
    rows = RunDirectory(place.run).edits().values()
    return min((row for row in rows if row.candidate == "surface"), key=lambda row: row.image)


def swap(place: Place, row: EditRow) -> Path:
    """Put another edited picture of the same size into the place of one; returns the file."""
    file = place.run / str(row.file)
    with Image.open(file) as before:
        Image.new("RGB", before.size, (1, 2, 3)).save(file)
    return file


def shown(place: Place) -> list[str]:
    """The run's files that the report shows."""
    found: list[str] = json.loads((place.run / "report" / "report.json").read_text(encoding="utf-8"))["pictures"]
    return found


def test_a_swapped_edit_counts_as_not_made_and_is_made_again(place: Place) -> None:
    row = some_edit(place)
    file = swap(place, row)
    found = RunDirectory(place.run)
    assert row.edit not in found.edits()
    assert NOT_MADE in " ".join(found.warnings)
    result = diffex(*SEARCH, "--run", place.run)
    assert result.exit_code == 0, told(result)
    with Image.open(file) as picture:
        assert image_key(picture).startswith(file.stem), "the right one is back"


def test_it_is_not_scored(place: Place) -> None:
    row = some_edit(place)
    swap(place, row)
    for part in (place.run / "scores").iterdir():
        part.unlink()
    result = diffex("score", "--run", place.run, *CLASSIFIER, *EDITOR)
    assert result.exit_code == 0, told(result)
    assert NOT_MADE in told(result)
    fingerprint = RunDirectory(place.run).search().classifier.fingerprint
    scores = RunDirectory(place.run).scores(fingerprint)
    assert scores
    assert row.edit not in scores


def test_it_is_not_shown(place: Place) -> None:
    row = some_edit(place)
    assert diffex("report", "--run", place.run).exit_code == 0
    assert row.file in shown(place)
    swap(place, row)
    result = diffex("report", "--run", place.run)
    assert result.exit_code == 0, told(result)
    assert NOT_MADE in told(result)
    assert row.file not in shown(place)


def test_one_that_is_swapped_after_the_look_is_refused(place: Place) -> None:
    run, row = RunDirectory(place.run), some_edit(place)
    assert row.edit in run.edits()
    swap(place, row)
    with pytest.raises(Exception, match="is not the picture that its name is the digest of"):
        run.edited_picture(row)


@pytest.mark.parametrize("command", [("report",), ("report", "--terminal"), ("study", "make", "--kind", "quality")])
def test_a_swapped_input_is_refused_before_it_is_shown(place: Place, command: tuple[str, ...]) -> None:
    image = RunDirectory(place.run).images()[0]
    Image.new("RGB", (image.width, image.height)).save(place.run / image.file)
    result = diffex(*command, "--run", place.run)
    assert result.exit_code == 2
    assert "is not the picture that images.parquet names: run `diffex corpus` again" in told(result)


def test_a_swapped_input_is_not_scored(place: Place) -> None:
    image = RunDirectory(place.run).images()[0]
    Image.new("RGB", (image.width, image.height)).save(place.run / image.file)
    for part in (place.run / "scores").iterdir():
        part.unlink()
    result = diffex("score", "--run", place.run, *CLASSIFIER, *EDITOR)
    assert result.exit_code == 2
    assert "is not the picture that images.parquet names" in told(result)


def test_a_picture_of_another_program_has_the_size_of_its_input(place: Place) -> None:
    """Its file may have any name, so that there is no digest to hold it against."""
    run = RunDirectory(place.run)
    image = run.images()[0]
    rows = []
    for name, size in (("right", (image.width, image.height)), ("wrong", (image.width + 1, image.height))):
        file = f"edits/{name}.png"
        Image.new("RGB", size).save(place.run / file)
        rows.append(EditRow(name, image.image, "x", "external:x", 0, file, "ok", None, 0.5, 0.5, 0.1))
    writer = run.edit_writer({})
    for row in rows:
        writer.append(row)
    writer.flush()
    assert set(run.edits("external:x")) == {"right"}
    assert NOT_MADE in " ".join(run.warnings)


def believe(place: Place, row: EditRow, own_cache: Path) -> None:
    """Note of a swapped picture that it is the right one, as a change would have to be made that nothing can tell."""
    image = next(one for one in RunDirectory(place.run).images() if one.image == row.image)
    claim = verified.Claim(str(row.file), named_key(str(row.file)), (image.width, image.height))
    file = next((own_cache / "verified").iterdir())
    file.write_bytes(file.read_bytes() + verified._seal(claim, (place.run / str(row.file)).stat()))


@pytest.mark.parametrize("command", [("edit", *EDITOR), ("score", *CLASSIFIER, *EDITOR), SEARCH, ("report",)])
def test_verify_files_believes_nothing(
    place: Place, own_cache: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr(verified, "_YOUNG", 0)
    row = some_edit(place)
    swap(place, row)
    assert row.edit not in RunDirectory(place.run).edits()
    believe(place, row, own_cache)
    assert row.edit in RunDirectory(place.run).edits()
    if command[0] == "edit":
        assert "there" in diffex(*command, "--run", place.run).stdout
    result = diffex(*command, "--run", place.run, "--verify-files")
    assert result.exit_code == 0, told(result)
    if command[0] in ("score", "report"):  # the others make it again
        assert NOT_MADE in told(result)
        assert row.edit not in RunDirectory(place.run).edits(), "what it found is noted"
    else:
        with Image.open(place.run / str(row.file)) as picture:
            assert image_key(picture).startswith(named_key(str(row.file)))


def test_notes_in_the_run_are_not_read(place: Place, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verified, "_YOUNG", 0)
    row = some_edit(place)
    swap(place, row)
    RunDirectory(place.run).edits()
    believe(place, row, own_cache)
    (own_cache / "verified").rename(place.run / "verified")
    assert row.edit not in RunDirectory(place.run).edits()
