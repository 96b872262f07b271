"""A report that would come out as it is there is not written again, and any other is."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from pipeline import SILENT, make_corpus

from diffex_cli.core.settings import Settings
from diffex_cli.report import report, unchanged
from diffex_cli.report.build import Report
from diffex_cli.search import search


@pytest.fixture
def made(tmp_path: Path) -> Settings:
    settings = make_corpus(tmp_path, n_images=2, max_depth=0)
    search.run(settings, SILENT)
    return settings


def states(folder: Path) -> dict[Path, tuple[int, int]]:
    return {file: (file.stat().st_ino, file.stat().st_mtime_ns) for file in folder.iterdir()}


def test_what_is_there_is_told_and_stays(made: Settings) -> None:
    picture = next((made.run / "edits/files").rglob("*.png"))
    picture.unlink()
    first = report.run(made, SILENT)
    assert first.warnings
    before = states(made.run / "report")
    assert report.run(made, SILENT) == dataclasses.replace(first, up_to_date=True)
    assert states(made.run / "report") == before


def _replaced(settings: Settings) -> None:
    """With the same size and times: only the inode's own time tells."""
    picture = next((settings.run / "images").glob("*.png"))
    state, content = picture.stat(), picture.read_bytes()
    picture.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    os.utime(picture, ns=(state.st_atime_ns, state.st_mtime_ns))


CHANGES: dict[str, Callable[[Settings], object]] = {
    "the page is gone": lambda settings: (settings.run / "report/index.html").unlink(),
    "the table was edited": lambda settings: (settings.run / "report/ranking.csv").write_text("rank\n"),
    "a picture was replaced": _replaced,
    "a picture came": lambda settings: Image.new("RGB", (4, 4)).save(settings.run / "images/more.png"),
    "the table of scores was written again": lambda settings: next((settings.run / "scores").glob("*.parquet")).touch(),
}


def test_a_change_in_the_run_or_in_what_is_asked_is_seen(made: Settings) -> None:
    written = report.run(made, SILENT)
    notes = unchanged.Notes(made, made.run / "report", 1)
    notes.remember(written)
    assert notes.recall() is not None
    assert unchanged.Notes(made, made.run / "report", 2).recall() is None
    assert unchanged.Notes(dataclasses.replace(made, parallel=2), made.run / "report", 1).recall() is None
    for name, change in CHANGES.items():
        change(made)
        assert notes.recall() is None, name
        notes.remember(written)
        assert notes.recall() is not None


def test_who_wants_every_picture_looked_at_gets_a_new_page(made: Settings) -> None:
    report.run(made, SILENT)
    assert report.run(made, SILENT).up_to_date
    assert not report.run(dataclasses.replace(made, verify_files=True), SILENT).up_to_date
    assert not report.run(made, SILENT, max_pixels=100).up_to_date


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"state": 1, "report": []}', '{"state": '])
def test_notes_that_are_none_are_passed_over(tmp_path: Path, own_cache: Path, content: str) -> None:
    notes = unchanged.Notes(Settings(run=tmp_path), tmp_path / "report")
    notes.remember(Report(*[tmp_path / "report" / name for name in "abcde"], None, None, 1, 1, 1, ()))
    (noted,) = (own_cache / "reports").iterdir()
    assert notes.recall() is not None
    noted.write_text(content)
    assert notes.recall() is None


def test_where_nothing_can_be_noted_it_is_written_each_time(made: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFEX_CACHE", str(made.run / "run.yaml"))
    assert not report.run(made, SILENT).up_to_date
    assert not report.run(made, SILENT).up_to_date
