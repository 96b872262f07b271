"""Folders and files of a run that are links, FIFOs or something else: no command follows, waits, reads or writes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from surroundings import (
    BACKENDS,
    CLASSIFIER,
    EDITOR,
    KINDS,
    Place,
    copy_of,
    diffex,
    make_place,
    to_fifo,
    to_link,
    told,
    unchanged,
)

from diffex_cli.artifacts.run import RunDirectory

FOLDERS = (
    *("images", "edits", "edits/files", "edits/files/00", "scores", "corpus-answers", "heatmaps", "heatmaps/00"),
    *("report", "report/assets", "report/figures", "results", "results/red", "results/other", "results/red/report"),
    *("study", "study/quality", "study/quality/answers", "study/quality/asked"),
)
WRITTEN_TO = ("edits/files", "report")
COMMANDS: dict[str, tuple[str, ...]] = {
    "corpus": ("corpus", "--force"),
    "edit": ("edit", *EDITOR),
    "score": ("score", *CLASSIFIER),
    "search": ("search", "--target", "blue", *BACKENDS),
    "search again": ("search", "--target", "red", *BACKENDS),
    "explain": ("search", "--explain", "edge"),
    "report": ("report",),
    "report of a kept one": ("report", "--target", "red"),
    "terminal": ("report", "--terminal"),
    "figures": ("report", "--figures"),
    "table": ("report", "--table", "csv"),
    "study": ("study", "make", "--kind", "quality"),
    "truth": ("birds", "truth"),
}
READERS: dict[str, tuple[str, ...]] = {
    "compare": ("compare", "{run}", "{run}/results/red"),
    "check": ("check", "{run}", "--max", "edge=9"),
}
FILES = {
    "run.yaml": tuple(one for one in COMMANDS if one not in ("truth", "explain", "figures", "table")),
    "corpus.yaml": tuple(one for one in COMMANDS if one not in ("corpus", "score", "table", "truth")),
    "images.parquet": ("edit", "search", "report", "terminal", "figures", "study", "compare", "check"),
    "search.yaml": ("report", "terminal", "figures", "table", "study", "explain", "truth", "compare", "check"),
    "ranking.parquet": ("report", "terminal", "figures", "table", "study", "truth", "compare"),
    ".lock": ("corpus", "edit", "score", "search", "report", "study"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_place(tmp_path_factory.mktemp("paths") / "made")


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Place:
    return copy_of(made, tmp_path / "place")


def arguments(name: str, run: Path) -> tuple[str, ...]:
    given = READERS.get(name) or (*COMMANDS[name], "--run", "{run}")
    return tuple(one.replace("{run}", str(run)) for one in given)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_that_is_a_link_is_refused_by_every_command(place: Place, folder: str) -> None:
    to_link(place.run / folder, place.outside)
    for name in (*COMMANDS, *READERS) if folder in WRITTEN_TO else ("edit", "report"):
        with unchanged(place, of_run=True):
            result = diffex(*arguments(name, place.run))
        assert result.exit_code == 2, (name, told(result))
        assert f"{folder} is a link, where a run directory has a folder: links are not followed" in told(result), name


@pytest.mark.parametrize("folder", ["edits", "report", "results", "scores", "images"])
def test_a_file_in_the_place_of_a_folder_is_a_sentence(place: Place, folder: str) -> None:
    shutil.rmtree(place.run / folder, ignore_errors=True)
    to_fifo(place.run / folder, place.outside)
    for name in ("edit", "search", "report"):
        result = diffex(*arguments(name, place.run))
        assert (result.exit_code, f"{folder} is a FIFO" in told(result)) == (2, True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_none_is_refused_by_who_reads_it(place: Place, file: str, kind: str) -> None:
    (place.run / file).touch()
    KINDS[kind](place.run / file, place.outside)
    for name in FILES[file] if kind == "a link" else FILES[file][:2]:
        with unchanged(place):
            result = diffex(*arguments(name, place.run))
        assert result.exit_code == 2, (name, told(result))
        assert f"{file} is {kind.replace('broken ', '')}, where a run directory has a file" in told(result), name


def test_a_lock_that_is_something_else_is_not_emptied(place: Place) -> None:
    (place.run / ".lock").unlink()
    os.link(place.outside / "letter.txt", place.run / ".lock")
    with unchanged(place, of_run=True):
        result = diffex(*arguments("report", place.run))
    assert (result.exit_code, ".lock is not diffex's" in told(result)) == (2, True)


@pytest.mark.parametrize("kind", ["a link", "a FIFO"])
@pytest.mark.parametrize("folder", ["edits", "scores"])
def test_a_part_that_is_no_file_is_left_out_with_a_warning(place: Place, folder: str, kind: str) -> None:
    part = next((place.run / folder).glob("*.parquet"))
    shutil.copy(part, place.run / folder / "00.parquet")
    KINDS[kind](place.run / folder / "00.parquet", place.outside)
    with unchanged(place):
        result = diffex("report", "--terminal", "--json", "--run", place.run)
    assert result.exit_code == 0, told(result)
    assert f"left out: {place.run / folder}/00.parquet is {kind.replace('broken ', '')}" in result.stdout
    RunDirectory(place.run).edit_parts.merge({})
    RunDirectory(place.run).score_parts.merge({})
    assert os.path.lexists(place.run / folder / "00.parquet")


@pytest.mark.parametrize("kind", ["a link", "a FIFO", "a folder"])
def test_a_picture_of_an_edit_that_is_no_file_is_missing_and_made_again(place: Place, kind: str) -> None:
    picture = next((place.run / "edits" / "files").rglob("*.png"))
    KINDS[kind](picture, place.outside)
    with unchanged(place):
        result = diffex(*arguments("search again", place.run))
    assert str(picture.relative_to(place.run)) in told(result)
    if kind != "a folder":
        assert result.exit_code == 0
        assert picture.is_file()
        assert not picture.is_symlink()


@pytest.mark.parametrize("kind", ["a broken link", "a folder"])
def test_an_input_picture_that_is_no_file_is_refused(place: Place, kind: str) -> None:
    picture = next((place.run / "images").glob("*.png"))
    KINDS[kind](picture, place.outside)
    for name in ("edit", "score", "search", "report", "study", "figures"):
        with unchanged(place):
            result = diffex(*arguments(name, place.run))
        assert result.exit_code == 2, name
        assert f"'images/{picture.name}' is {kind.replace('broken ', '')}, not a file" in told(result), name


def test_what_a_report_writes_takes_the_place_of_a_link(place: Place) -> None:
    """The file that it leads to is not written to, however large the page."""
    assert diffex("report", "--run", place.run, "--max-size", "0").exit_code == 0
    files = sorted(path for path in (place.run / "report").rglob("*") if path.is_file())
    asset = next(file for file in files if file.parent.name == "assets")
    for file in {asset, *(place.run / "report").glob("*.*")}:
        to_link(file, place.outside)
    with unchanged(place):
        result = diffex("report", "--run", place.run, "--max-size", "0")
    assert result.exit_code == 0, told(result)
    assert all(file.is_file() and not file.is_symlink() for file in files)


@pytest.mark.parametrize(("file", "kind"), [("study.json", "a FIFO"), ("page.html", "a link")])
def test_files_of_a_study(place: Place, kind: str, file: str) -> None:
    study = place.run / "study" / "quality"
    assert diffex(*arguments("study", place.run)).exit_code == 0
    KINDS[kind](study / file, place.outside)
    with unchanged(place):
        again = diffex(*arguments("study", place.run))
    assert again.exit_code == (2 if file == "study.json" else 0), told(again)
    if file == "study.json":
        (place.run / "mine.json").write_text('{"schema": "diffex.answers/1"}')
        analysed = diffex("study", "analyse", study / file, "--run", place.run)
        assert (analysed.exit_code, bool(told(analysed))) == (2, True)


@pytest.mark.parametrize("folder", ["answers", "asked"])
def test_answers_do_not_leave_the_folder_of_the_study(place: Place, folder: str) -> None:
    assert diffex(*arguments("study", place.run)).exit_code == 0
    study = place.run / "study" / "quality"
    to_link(study / folder, place.outside)
    with unchanged(place):
        result = diffex("study", "answer", study / "page.html", "--rater", "transformers:nowhere/at-all")
    assert (result.exit_code, f"{folder} is a link" in told(result)) == (2, True)


def test_a_page_that_is_a_fifo_is_a_sentence(place: Place) -> None:
    to_fifo(place.root / "page.html", place.outside)
    result = diffex("study", "answer", place.root / "page.html", "--rater", "anthropic")
    assert (result.exit_code, "is a FIFO" in told(result)) == (2, True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_tools_for_a_hierarchy(place: Place, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "false")
    monkeypatch.delenv("VISUAL", raising=False)
    shutil.copy(place.run / "corpus.yaml", place.run / "corpus.draft.yaml")
    KINDS[kind](place.run / "corpus.draft.yaml", place.outside)
    with unchanged(place, of_run=True):
        assert "corpus.draft.yaml is" in told(diffex("corpus", "edit", "--run", place.run))
    KINDS[kind](place.run / "corpus.yaml", place.outside)
    for tool in (("show",), ("validate",), ("edit",)):
        with unchanged(place, of_run=True):
            result = diffex("corpus", *tool, "--run", place.run)
        assert (result.exit_code, "corpus.yaml is" in told(result)) == (2, True)


def test_the_run_itself_may_be_reached_by_a_link(place: Place) -> None:
    (place.root / "mine").symlink_to(place.run)
    for name in ("edit", "compare", "terminal", "search again"):
        assert diffex(*arguments(name, place.root / "mine")).exit_code == 0, name


def test_a_kept_result_that_is_moved_aside_leaves_no_trace_outside(place: Place) -> None:
    for name in ("search.yaml", "ranking.parquet"):
        to_link(place.run / "results" / "red" / name, place.outside)
    for name in ("search again", "report of a kept one"):
        with unchanged(place):
            told(diffex(*arguments(name, place.run)))


@pytest.mark.parametrize("make", [to_link, to_fifo])
def test_kept_answers_and_heat_maps_that_are_no_files_are_made_again(
    place: Place, make: Callable[[Path, Path], None]
) -> None:
    from diffex_cli.heatmaps.store import HeatMap, HeatMapStore
    from diffex_cli.language_models.base import Usage
    from diffex_cli.language_models.kept_answers import Answers, KeptAnswer

    answers, store = Answers(place.run / "corpus-answers"), HeatMapStore(place.run / "heatmaps")
    picture = Image.new("RGB", (8, 8))
    heat = HeatMap(values=np.zeros((8, 8)), peak=0.0)
    answers.put("ab", KeptAnswer({"a": 1}, Usage(1, 1, 0)), {})
    store.write("abcd", heat, picture)
    assert answers.get("ab") is not None
    assert store.has("abcd")
    for file in ("corpus-answers/ab.json", "heatmaps/ab/abcd.png", "heatmaps/ab/abcd.webp"):
        make(place.run / file, place.outside)
    with unchanged(place):
        assert answers.get("ab") is None
        assert store.read("abcd") is None
        assert not store.has("abcd")
        answers.put("ab", KeptAnswer({"a": 1}, Usage(1, 1, 0)), {})
        store.write("abcd", heat, picture)
    assert answers.get("ab") is not None
    assert store.has("abcd")
