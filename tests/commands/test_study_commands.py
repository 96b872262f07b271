"""``diffex study`` as it is typed."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from diffex_cli.commands import study as commands
from diffex_cli.corpus.generation.providers import AskingProvider
from diffex_cli.language_models.base import Answer, Prices, Question, Usage
from diffex_cli.study.page import Page, Shown, render
from diffex_cli.study.pictures import Album
from diffex_cli.study.study import Item, Study, write_study

APP = typer.Typer()
APP.add_typer(commands.app, name="study")


@pytest.fixture(autouse=True)
def a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder ``made`` with a study of two items; no setting of the user's."""
    from PIL import Image

    for name in [name for name in os.environ if name.startswith("DIFFEX_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DIFFEX_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    items = tuple(Item(f"q{n}", 0, f"a{n}", f"attribute {n}", f"image {n}", f"edit {n}") for n in (1, 2))
    write_study(Study("0123456789abcdef", "quality", "birds", "", 1, items), Path("made/study.json"))
    album = Album()
    pictures = tuple(album.add(Image.new("RGB", (8, 8), (shade, 0, 0))) for shade in (0, 200))
    shown = tuple(Shown(item.id, 0, pictures, item.name) for item in items)
    Path("made/page.html").write_text(render(Page("0123456789abcdef", "quality", 1, shown, album.uris)))


def diffex(*arguments: str) -> Result:
    return CliRunner().invoke(APP, list(arguments))


def ann(**changes: Any) -> str:
    content = {
        "schema": "diffex.answers/1",
        "study": "0123456789abcdef",
        "kind": "quality",
        "participant": "ann",
        "rater": {"kind": "person"},
        "complete": True,
        "answers": {"q1": {"quality": 5, "disentanglement": 4}, "q2": {"quality": 4, "disentanglement": 4}},
        **changes,
    }
    Path(f"{content['participant']}.json").write_text(json.dumps(content))
    return f"{content['participant']}.json"


@dataclasses.dataclass
class Rater:
    """A language model that gives fours."""

    name: str = "four"
    prices: Prices | None = dataclasses.field(default_factory=lambda: Prices(10.0, 10.0, 10.0))

    @property
    def settings(self) -> Mapping[str, object]:
        return {"provider": "scripted", "model": self.name}

    @property
    def fingerprint(self) -> str:
        return f"fingerprint-{self.name}"

    def ask(self, question: Question) -> Answer:
        return Answer(dict.fromkeys(question.schema["required"], 4), Usage(100, 10))

    def estimate(self, question: Question) -> Usage:
        return Usage(100, 10)


@pytest.fixture
def rater(monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider ``anthropic`` is the one above; which model, goes by its spec."""
    monkeypatch.setattr(
        "diffex_cli.core.registry.find", lambda group, name: lambda spec: AskingProvider(Rater(spec.model or "four"))
    )


def test_analyse_prints_the_table_and_the_agreement() -> None:
    result = diffex("study", "analyse", ann(), ann(participant="bob"), "--study", "made")
    assert result.exit_code == 0, result.stderr
    assert "birds (people, n = 2)" in result.stdout
    assert "4.500 ± 0.000" in result.stdout
    assert "Krippendorff's α quality 1.000 (ordinal), disentanglement – (ordinal)" in result.stdout


def test_analyse_for_a_paper_and_for_scripts() -> None:
    markdown = diffex("study", "analyse", ann(), "--study", "made", "--table", "markdown").stdout
    assert "| Edit quality | 4.500 |" in markdown
    assert "Krippendorff" not in markdown
    found = json.loads(diffex("study", "analyse", ann(), "--study", "made", "--json").stdout)
    assert set(found) == {"findings", "tables", "warnings"}
    (group,) = found["findings"][0]["groups"]
    assert (group["rater"], group["figures"][0]["mean"], group["figures"][0]["low"]) == ("person", 4.5, None)
    quiet = diffex("study", "analyse", ann(), "--study", "made", "-q").stdout.splitlines()
    assert quiet[0].split("\t")[:6] == ["0123456789abcdef", "person", "quality", "", "", "4.5"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["analyse", "nowhere.json"], "cannot read the file nowhere.json"),
        (["analyse", "made/study.json"], "not a file of answers"),
        (["analyse", "made/page.html"], "not a JSON file"),
        (["analyse", "ann.json", "ann.json", "--study", "made"], "both answers of 'ann'"),
        (["analyse", "ann.json"], "name it with --study"),
        (["make", "--kind", "quality"], "there is no run directory diffex-run"),
        (["make", "--kind", "joint", "--heatmap", "gradcam"], "--heatmap goes with --kind identify"),
        (["make", "--kind", "identify", "--heatmap", "gradcam", "--heatmaps", "x"], "exclude each other"),
        (["answer", "made/page.html"], "give --rater anthropic"),
        (["answer", "made/page.html", "--rater", "bundled"], "does not ask a language model"),
        (["answer", "made/study.json", "--rater", "anthropic"], "is not a study's page"),
    ],
)
def test_a_mistake_gives_one_sentence_and_exit_code_2(arguments: list[str], sentence: str) -> None:
    ann()
    result = diffex("study", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert sentence in result.stderr
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.usefixtures("rater")
def test_a_model_answers_and_is_marked_as_one() -> None:
    result = diffex("study", "answer", "made/page.html", "--rater", "anthropic", "--rater", "anthropic:other", "-q")
    assert result.exit_code == 0, result.stderr
    files = result.stdout.split()
    assert len(files) == 2
    content = json.loads(Path(files[0]).read_text())
    assert content["rater"] == {"kind": "model", "settings": {"provider": "scripted", "model": "four"}}
    assert content["complete"] is True
    table = diffex("study", "analyse", ann(), *files, "--table", "csv").stdout.splitlines()
    assert table[0].split(",", 1)[1] == '"birds (people, n = 1)","birds (language models, n = 2)"'
    assert table[1] == "Edit quality,4.500,4.000 ± 0.000"


@pytest.mark.usefixtures("rater")
def test_the_cost_is_told_before_and_after() -> None:
    ask = ("study", "answer", "made/page.html", "--rater", "anthropic", "--json")
    estimate = json.loads(diffex(*ask, "--dry-run").stdout)
    assert (estimate["questions"], estimate["kept"], estimate["cost"]) == (2, 0, pytest.approx(0.0022))
    assert not Path("made/answers").exists()
    first = json.loads(diffex(*ask).stdout)
    assert (first["spending"]["questions"], first["spending"]["cost"]) == (2, pytest.approx(0.0022))
    again = json.loads(diffex(*ask).stdout)
    assert (again["spending"]["questions"], again["spending"]["kept"]) == (0, 2)


@pytest.mark.usefixtures("rater")
def test_the_limits_of_a_model() -> None:
    result = diffex("study", "answer", "made/page.html", "--rater", "anthropic", "--max-cost", "0.0000001")
    assert (result.exit_code, "may not pay for a single question" in result.stderr) == (2, True)
    result = diffex("study", "answer", "made/page.html", "--rater", "anthropic", "--rater", "anthropic")
    assert (result.exit_code, "named twice" in result.stderr) == (2, True)
