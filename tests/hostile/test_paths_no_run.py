"""A folder that is no run: nothing in it is swept, locked, read or written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from surroundings import BACKENDS, CLASSIFIER, EDITOR, Place, copy_of, diffex, make_place, told, unchanged

from diffex_cli.artifacts.files import sweep

STAGES = {
    "edit": ("edit", *EDITOR),
    "score": ("score", *CLASSIFIER),
    "search": ("search", *BACKENDS),
    "report": ("report",),
    "terminal": ("report", "--terminal"),
    "figures": ("report", "--figures"),
    "study": ("study", "make", "--kind", "quality"),
    "show": ("corpus", "show"),
    "grow": ("corpus", "grow", "--provider", "anthropic", "--dry-run"),
}
CORPUS = ("corpus", "--domain", "birds", "--n-images", "2")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_place(tmp_path_factory.mktemp("no-run") / "made")


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Place:
    found = copy_of(made, tmp_path / "place")
    for leftover in (".run.yaml.1-0123abcd.tmp", ".x.tmp", "outside/.page.html.1-0123abcd.tmp", "outside/.b.old.tmp/c"):
        path = found.root / leftover
        path.parent.mkdir(exist_ok=True)
        path.write_text("another program's")
    return found


@pytest.mark.parametrize("name", STAGES)
def test_the_parent_of_a_run_is_none(place: Place, name: str) -> None:
    for folder in (place.root, place.outside, place.root / "letter", place.outside / "letter.txt"):
        with unchanged(place, of_run=True):
            result = diffex(*STAGES[name], "--run", folder)
        assert (result.exit_code in (2, 3), bool(told(result))) == (True, True)


@pytest.mark.parametrize("more", [(), ("--dry-run",), ("--force",)])
def test_no_run_begins_among_other_files(place: Place, more: tuple[str, ...]) -> None:
    with unchanged(place, of_run=True):
        result = diffex(*CORPUS, *more, "--run", place.root)
    assert result.exit_code == 2
    assert told(result) == (
        f"Error: {place.root} holds other files and no run: name a folder that is new or empty, such as "
        f"--run {place.root}/diffex-run"
    )


def test_no_run_begins_in_the_current_folder_of_a_project(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.root)
    with unchanged(place, of_run=True):
        assert "such as --run diffex-run" in told(diffex(*CORPUS, "--run", "."))


def test_a_run_begins_in_a_folder_that_is_empty_or_was_begun(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").touch()
    (tmp_path / ".lock").touch()
    (tmp_path / "images").mkdir()
    for _ in range(2):
        assert diffex(*CORPUS, "--run", tmp_path).exit_code == 0


def test_a_file_is_no_place_for_a_run(place: Place) -> None:
    for path in (place.outside / "letter.txt", place.outside / "letter.txt" / "run"):
        with unchanged(place, of_run=True):
            result = diffex(*CORPUS, "--run", path)
        assert (result.exit_code, bool(told(result))) == (2, True)


def test_a_run_of_another_program_may_lack_run_yaml(place: Place) -> None:
    (place.run / "run.yaml").unlink()
    assert diffex(*STAGES["edit"], "--run", place.run).exit_code == 0


def test_only_what_diffex_left_in_its_own_folders_is_swept(place: Place) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (place.run / "mine").mkdir()
    (place.run / "results" / ".red.new.tmp").mkdir()
    ours = [
        *(".run.yaml", "edits/.a.parquet", "edits/files/.b.png", "scores/.c.parquet", "images/.d.png"),
        *("results/.e", "results/red/.search.yaml"),
    ]
    swept = [place.run / f"{one}.{gone.pid}-0123abcd.tmp" for one in ours]
    swept.append(place.run / f".lives.{os.getpid()}-0123abcd.tmp")
    kept = [
        *(place.run / "mine" / f".a.{gone.pid}-0123abcd.tmp", place.run / ".x.tmp", place.run / "edits" / ".vim.tmp"),
        *(place.run / "edits" / f"a.{gone.pid}-0123abcd.tmp", place.run / f".a.{os.getppid()}-0123abcd.tmp"),
    ]
    for path in (*swept, *kept, place.run / "results" / ".red.new.tmp" / "search.yaml"):
        path.touch()
    (place.run / ".cache.old.tmp").mkdir()
    link = place.run / "scores" / f".link.{gone.pid}-0123abcd.tmp"
    link.symlink_to(place.outside / "letter.txt")
    with unchanged(place):
        sweep(place.run)
    assert not [path for path in (*swept, link, place.run / "results" / ".red.new.tmp") if os.path.lexists(path)]
    assert all(path.exists() for path in (*kept, place.run / ".cache.old.tmp"))
