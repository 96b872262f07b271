"""Scores that were made under other names of the classes are never taken for those of today's names."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pipeline import SILENT, make_corpus

from diffex_cli.core.errors import UsageError
from diffex_cli.core.settings import Settings
from diffex_cli.measure import edit, score
from diffex_cli.search import search

MODEL = """\
from pathlib import Path
from colour_classifier import logits as scores
LABELS = (Path(__file__).parent / "names.txt").read_text().split()
def logits(pictures):
    return scores(pictures)
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "named_elsewhere.py").write_text(MODEL)
    name(tmp_path, "red green blue")
    return make_corpus(tmp_path, classifier="python:named_elsewhere:logits", target="red")


def name(folder: Path, names: str) -> None:
    """The names of the classes, which the module reads when it is imported; its own source stays as it is."""
    (folder / "names.txt").write_text(names)
    sys.modules.pop("named_elsewhere", None)


@pytest.mark.parametrize("names", ["blue green red", "red green azure"])
def test_a_finished_search_is_not_taken_for_one_of_other_names(made: Settings, tmp_path: Path, names: str) -> None:
    search.run(made, SILENT)
    ranking = (made.run / "ranking.parquet").read_bytes()
    name(tmp_path, names)
    with pytest.raises(UsageError, match=r"calls its classes '.*' now, but called them 'red', 'green', 'blue' .*versi"):
        search.run(made, SILENT)
    assert (made.run / "ranking.parquet").read_bytes() == ranking
    name(tmp_path, "red green blue")
    assert search.run(made, SILENT).up_to_date


def test_nor_are_its_scores(made: Settings, tmp_path: Path) -> None:
    edit.run(made, SILENT)
    score.run(made, SILENT)
    name(tmp_path, "blue green red")
    with pytest.raises(UsageError, match="add the option version=2"):
        score.run(made, SILENT)


def test_without_a_model_nothing_is_imported(made: Settings, tmp_path: Path) -> None:
    search.run(made, SILENT)
    sys.modules.pop("named_elsewhere", None)
    search.run(made, SILENT, fill=False)
    assert "named_elsewhere" not in sys.modules
