"""Edits within bounds, through the stages."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pipeline import N_IMAGES, SILENT, ask_until_done, make_corpus, settings, texts
from typer.testing import CliRunner

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.commands.main import app
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.measure import edit
from diffex_cli.search import search

BOXES = "image,x0,y0,x1,y1\n" + "".join(f"{n}.png,5,4,15,12\n" for n in range(N_IMAGES))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("boxes.csv").write_text(BOXES)


def bounded(root: Path, **changes: Any) -> Any:
    return settings(root, **{"region": "boxes:boxes.csv", "feather": 0, **changes})


def test_the_rows_say_what_changed_within_the_region(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    edit.run(bounded(tmp_path), SILENT)
    run = RunDirectory(tmp_path / "run")
    rows = [row for row in run.edits().values() if row.candidate == "shadow"]
    assert len(rows) == N_IMAGES
    for row in rows:
        assert row.mask_share == pytest.approx(10 * 8 / (20 * 16))
        assert row.change_outside == 0
        assert (row.change_inside or 0) > 0.01
        images = {image.image: image for image in run.images()}
        before, after = np.asarray(run.picture(images[row.image])), np.asarray(run.edited_picture(row))
        ys, xs = np.nonzero((before != after).any(axis=2))
        assert (xs.min(), ys.min(), xs.max(), ys.max()) == (5, 4, 14, 11)


def test_what_was_made_before_is_bounded_and_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_corpus(tmp_path)
    edit.run(bounded(tmp_path), SILENT)
    fresh = {row.edit: row.file for row in RunDirectory(made.run).edits().values()}
    (tmp_path / "other").mkdir()
    make_corpus(tmp_path / "other")
    edit.run(settings(tmp_path / "other"), SILENT)
    plan = edit.plan(bounded(tmp_path / "other"))
    assert (plan.to_do, plan.seconds) == (plan.needed, 0)
    monkeypatch.setattr("diffex_cli.editors.tint.TintEditor.edit", lambda *_: pytest.fail("it was made again"))
    assert edit.run(bounded(tmp_path / "other"), SILENT).made == len(fresh)
    again = {row.edit: row.file for row in RunDirectory(tmp_path / "other" / "run").edits().values()}
    assert fresh.items() <= again.items()


def test_how_long_an_edit_takes_is_known_from_those_without_bounds(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    assert edit.plan(bounded(tmp_path)).seconds is None
    (tmp_path / "other").mkdir()
    make_corpus(tmp_path / "other")
    made = edit.run(settings(tmp_path / "other"), SILENT)
    plan = edit.plan(bounded(tmp_path))
    assert made.seconds_per_edit is not None
    assert plan.seconds == pytest.approx(made.seconds_per_edit * plan.to_do)


def test_another_region_has_edits_of_its_own(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    first = edit.run(bounded(tmp_path), SILENT)
    assert edit.plan(bounded(tmp_path)).to_do == 0
    for other in ({"feather": 1}, {"region": "none"}, {"keep_region": "boxes:small.csv"}):
        Path("small.csv").write_text(BOXES.replace("15,12", "6,5"))
        assert edit.plan(bounded(tmp_path, **other)).to_do == first.needed
    Path("boxes.csv").write_text(BOXES.replace("15,12", "15,13"))
    assert edit.plan(bounded(tmp_path)).to_do == first.needed


def test_asked_for_elsewhere_a_search_finds_the_same(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    asked = ask_until_done(bounded(tmp_path, target="red", screen="tint::strength=0.2"))
    (tmp_path / "other").mkdir()
    make_corpus(tmp_path / "other")
    direct = search.run(bounded(tmp_path / "other", target="red", screen="tint::strength=0.2"), SILENT)
    assert texts(asked.ranking) == texts(direct.ranking)
    found = RunDirectory(tmp_path / "run").search()
    assert (found.region, found.keep_region, found.feather) == ("boxes:boxes.csv", "none", 0)
    assert found.provenance["settings"]["region"] == "boxes:boxes.csv"


def test_a_region_that_does_not_fit_is_told_before_anything_is_remembered(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    before = (made.run / "run.yaml").read_text()
    Path("boxes.csv").write_text(BOXES.replace("3.png", "7.png"))
    for stage in (edit.run, search.run):
        with pytest.raises(UsageError, match=r"boxes\.csv has no row for more/3.png"):
            stage(bounded(tmp_path, target="red"), SILENT)
    assert (made.run / "run.yaml").read_text() == before


def test_a_program_elsewhere_bounds_its_own_edits(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    with pytest.raises(UsageError, match="do not reach the editor external:x, whose pictures are made elsewhere"):
        edit.plan(bounded(tmp_path, editor="external:x"))


def test_what_to_keep_has_words_of_its_own(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    with pytest.raises(UsageError, match="say what to keep, such as text:owner/m:grow=2,words=face"):
        edit.plan(bounded(tmp_path, keep_region="text:owner/m:grow=2"))


MODULE = """\
import numpy as np

def left(picture, words):
    inside = np.zeros(picture.size[::-1], dtype=bool)
    inside[:, : 0 if words == "edge" else 3] = True
    return inside

def number(picture, words):
    return np.ones(picture.size[::-1])

def small(picture, words):
    return picture.resize((3, 3))

def bad(picture, words):
    raise RuntimeError("no")
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "regions_of_tests.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "regions_of_tests", raising=False)


@pytest.mark.usefixtures("module")
def test_a_function_finds_the_region(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    summary = edit.run(bounded(tmp_path, region="python:regions_of_tests:left"), SILENT)
    assert summary.failed == N_IMAGES
    assert "has no pixel in" in str(summary.failure)
    assert "for 'edge', so nothing may change" in str(summary.failure)
    rows = [row for row in RunDirectory(tmp_path / "run").edits().values() if row.candidate == "shadow"]
    assert {row.mask_share for row in rows} == {3 / 20}
    other = edit.run(bounded(tmp_path, region="python:regions_of_tests:left:words=edge"), SILENT)
    assert other.failed == N_IMAGES * 4


@pytest.mark.usefixtures("module")
@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("number", DiffexError, "neither a picture nor an array of booleans, but ndarray of float64"),
        ("small", DiffexError, "gave a region of 3x3 pixels for .*png, which has 20x16"),
        ("bad", DiffexError, "the region python:regions_of_tests:bad raised RuntimeError: no"),
        ("absent", UsageError, "defines no callable 'absent'"),
    ],
)
def test_a_function_that_gives_no_region_is_named(
    tmp_path: Path, name: str, error: type[DiffexError], sentence: str
) -> None:
    make_corpus(tmp_path)
    with pytest.raises(error, match=sentence):
        edit.run(bounded(tmp_path, region=f"python:regions_of_tests:{name}"), SILENT)


def test_the_command_keeps_the_region_for_later_stages(tmp_path: Path) -> None:
    make_corpus(tmp_path)

    def diffex(*words: str) -> Any:
        result = CliRunner().invoke(app, [*words, "--run", "run", "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    asked = ("--editor", "tint:", "--region", "boxes:boxes.csv", "--feather", "2")
    made = diffex("edit", *asked)
    assert made["change_outside"] == 0
    assert diffex("edit")["made"] == 0
    scored = diffex("score", "--classifier", "python:colour_classifier:logits")
    assert scored["scored"] == made["needed"] + N_IMAGES
    assert diffex("search", "--target", "red")["made"] > 0
    told = CliRunner().invoke(app, ["search", "--run", "run"], env={"COLUMNS": "200"}).stdout
    caution = "Pictures were edited only within boxes:boxes.csv: what an attribute does elsewhere is not in its effect."
    assert caution in " ".join(told.split())
    assert diffex("config", "show")["region"] == {"value": "boxes:boxes.csv", "origin": "run.yaml"}
