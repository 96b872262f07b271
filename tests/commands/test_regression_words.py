"""A classifier that declares quantities has no logits, and nobody says that it had."""

from __future__ import annotations

import json
import os
import re
from html import unescape
from pathlib import Path

import pytest
from pipeline import SILENT, make_corpus, settings
from typer.testing import CliRunner

from diffex_cli.commands.main import app
from diffex_cli.search import search

MODULE = """\
import colour_classifier

def age(images):
    return colour_classifier.logits(images)[:, 1:2]

age.labels = ("age",)
"""
QUANTITIES = "python:years:age:kind=regression"
UNDECLARED = "python:years:age"


def told(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.stderr
    return result.stdout + result.stderr


def visible(file: Path) -> str:
    source = re.sub(r"<(style|script)\b[^>]*>.*?</\1>", " ", file.read_text(), flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]*>", " ", source)))


@pytest.fixture(params=[QUANTITIES, UNDECLARED])
def run(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("DIFFEX_") and name != "DIFFEX_CACHE"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "years.py").write_text(MODULE)
    for name in ("run", "other"):
        folder = tmp_path / name
        folder.mkdir()
        make_corpus(folder)
        search.run(settings(folder, classifier=request.param, joint=2, holdout="on"), SILENT)
    return tmp_path / "run" / "run"


def test_nothing_that_people_read_calls_its_effects_logits(run: Path) -> None:
    texts = {
        "search": told("search", "--run", str(run)),
        "report": told("report", str(run), "--heatmap", "occlusion"),
        "page": visible(run / "report" / "index.html"),
        "terminal": told("report", str(run), "--terminal"),
        "check": told("check", str(run), "--max", "edge=1000", "--forbid", "nothing"),
        "compare": told("compare", str(run), "other/run", "--html", "c"),
        "compared": visible(Path("c")),
        "explain": told("search", "--run", str(run), "--explain", "edge"),
        "classify": told("classify", str(next((run / "images").iterdir())), "--run", str(run)),
    }
    for kind in ("markdown", "latex", "csv"):
        texts[kind] = told("report", str(run), "--table", kind)
    told("report", str(run), "--figures")
    for file in (run / "report" / "figures").glob("*.md"):
        texts[file.name] = file.read_text()
    for place, text in texts.items():
        # the setting is called so, whatever the classifier gives
        words = re.sub(r"\"?\bscale\b\"?:?(?: \"?logit\b)+", "", text.lower())
        assert "logit" not in words, (place, words[max(0, words.find("logit") - 80) :][:200])
    for place in ("search", "page", "terminal"):
        assert "in the score" in texts[place], place
    data = json.loads((run / "report" / "report.json").read_text())
    assert (data["quantity"], data["unit"]) == ("score", "in the score")
    assert {view["unit"] for view in data["views"]} == {"in the score"}
    assert "how far the score falls" in data["heat"]["note"]
