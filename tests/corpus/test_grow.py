"""``diffex corpus grow``: shown what a search did not explain, a model names what the hierarchy lacks."""

from __future__ import annotations

import base64
import dataclasses
import importlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image
from pipeline import HIERARCHY
from typer.testing import CliRunner, Result

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.commands.main import app
from diffex_cli.corpus.evidence import Evidence
from diffex_cli.report.finished import read_finished

ODD = (250, 10, 10)
"""The colour of the one picture on which every tint does something else."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "language_models"))
    with importlib.import_module("fault_server").FaultServer() as running:
        yield running


@pytest.fixture(autouse=True)
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five dull pictures and an odd one."""
    for name in [name for name in os.environ if name.startswith(("DIFFEX_", "ANTHROPIC_")) and name != "DIFFEX_CACHE"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-secret-0123456789")
    monkeypatch.chdir(tmp_path)
    Path("hierarchy.yaml").write_text(HIERARCHY)
    Path("pictures").mkdir()
    random = np.random.default_rng(0)
    for i in range(5):
        pixels = random.integers(100, 110, (16, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(f"pictures/{i}.png")
    Image.new("RGB", (20, 16), ODD).save("pictures/odd.png")


@pytest.fixture
def searched() -> None:
    corpus = ("corpus", "--domain", "shapes", "--corpus-file", "hierarchy.yaml", "--images", "pictures", "-q")
    assert diffex(*corpus).exit_code == 0
    assert search()["edits"] > 0


def diffex(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def told(*arguments: str) -> dict[str, Any]:
    result = diffex(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    content: dict[str, Any] = json.loads(result.stdout)
    return content


def search() -> dict[str, Any]:
    """How many edits a search took, and the names that it ranked."""
    before = len(RunDirectory(Path("diffex-run")).edits())
    arguments = ("search", "--editor", "tint:", "--classifier", "python:colour_classifier:logits", "--delta", "0.05")
    assert diffex(*arguments, "--algorithm", "exhaustive", "-q").exit_code == 0
    run = RunDirectory(Path("diffex-run"))
    return {"edits": len(run.edits()) - before, "names": {row.name for row in run.ranking()}}


def reply(server: Any, *attributes: dict[str, object]) -> Any:
    plain = {"remove": False, "editable": True, "synonyms": [], "below": ""}
    items = [{**plain, "prompt": item["name"], **item} for item in attributes]
    return importlib.import_module("fault_server").Reply(text=json.dumps({"attributes": items}))


def grow(server: Any, *more: str) -> tuple[str, ...]:
    provider = "anthropic:claude-opus-5-5:retries=0,price_in=5,price_out=25"
    return ("corpus", "grow", "--provider", provider, "--base-url", server.url, *more)


def sizes(request: Any) -> list[str]:
    """Colours of the pictures in a request."""
    content = next(message["content"] for message in request.body["messages"] if message["role"] == "user")
    pictures = [base64.b64decode(part["source"]["data"]) for part in content if part["type"] == "image"]
    return ["red" if Image.open(io.BytesIO(data)).getpixel((0, 0))[0] > 150 else "dull" for data in pictures]  # type: ignore[index]


@pytest.mark.usefixtures("searched")
def test_what_the_model_names_is_added_and_searched_for_its_own_edits_alone(server: Any) -> None:
    server.script(
        reply(
            server,
            {"name": "stripes", "prompt": "striped surface", "below": "surface"},
            {"name": "Shadows"},
            {"name": "red light"},
        )
    )
    before = Path("diffex-run/corpus.yaml").read_text()
    summary = told(*grow(server))
    assert [added["id"] for added in summary["added"]] == ["surface/stripes", "red-light"]
    assert "Shadows" in summary["known"]
    assert summary["attributes"] == 11
    questions = len(server.requests)
    assert summary["spending"]["questions"] == questions >= 1
    assert summary["spending"]["cost"] > 0
    assert sizes(server.requests[0])[0] == "red", "the odd picture is the first case"
    document = yaml.safe_load(Path("diffex-run/corpus.yaml").read_text())
    (step,) = document["provenance"]["grown"]
    assert step["added"] == ["surface/stripes", "red-light"]
    assert step["settings"]["model"] == "claude-opus-5-5"
    assert "secret" not in Path("diffex-run/corpus.yaml").read_text()
    assert document["provenance"]["settings"] == yaml.safe_load(before)["provenance"]["settings"]
    found = search()
    assert found["edits"] == 2 * 6
    assert found["names"] > {"stripes", "red light", "rough"}
    assert told("corpus")["up_to_date"], "the stage `corpus` keeps what was added"
    shown = diffex("corpus", "show").stdout
    assert "stripes “striped surface” [grown]" in shown


@pytest.mark.usefixtures("searched")
def test_in_words(server: Any) -> None:
    server.script(reply(server, {"name": "no stripes", "prompt": "stripes", "remove": True}))
    result = diffex(*grow(server))
    assert result.exit_code == 0
    assert "1 attributes added; there are 10 now." in result.stdout
    assert "+ no-stripes (take away stripes)" in result.stdout
    assert "`diffex search --run diffex-run` tries them." in result.stderr


@pytest.mark.usefixtures("searched")
def test_a_dry_run_asks_nobody(server: Any) -> None:
    before = Path("diffex-run/corpus.yaml").read_text()
    estimate = told(*grow(server), "--dry-run")
    assert estimate["questions"] >= 1
    assert estimate["cost"] > 0
    assert server.requests == []
    assert Path("diffex-run/corpus.yaml").read_text() == before
    assert not Path("diffex-run/corpus-answers").exists()
    assert "questions to a language model" in diffex(*grow(server), "--dry-run").stdout


@pytest.mark.usefixtures("searched")
def test_answers_are_kept_when_the_next_question_fails(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diffex_cli.corpus.grow._CASES", 1)
    broken = importlib.import_module("fault_server").Reply(status=500, text="down")
    before = Path("diffex-run/corpus.yaml").read_text()
    server.script(reply(server, {"name": "stripes"}), broken)
    result = diffex(*grow(server))
    assert result.exit_code == 1
    assert "What has been answered so far is kept" in result.stderr
    assert Path("diffex-run/corpus.yaml").read_text() == before
    asked = len(server.requests)
    server.script(reply(server, {"name": "dots"}))
    summary = told(*grow(server))
    assert summary["spending"]["kept"] == 1
    assert len(server.requests) == asked + summary["spending"]["questions"]
    assert [added["id"] for added in summary["added"]] == ["stripes", "dots"]


@pytest.mark.usefixtures("searched")
def test_a_limit_on_the_cost(server: Any) -> None:
    before = Path("diffex-run/corpus.yaml").read_text()
    result = diffex(*grow(server, "--max-cost", "0.001"))
    assert result.exit_code == 2
    assert "--max-cost 0.001 may not pay for a single question" in result.stderr
    assert server.requests == []
    assert Path("diffex-run/corpus.yaml").read_text() == before


@pytest.mark.usefixtures("searched")
def test_a_model_that_never_answers_well_changes_nothing(server: Any) -> None:
    before = Path("diffex-run/corpus.yaml").read_text()
    server.script(importlib.import_module("fault_server").Reply(text="I see birds."))
    result = diffex(*grow(server))
    assert result.exit_code == 1
    assert "the language model gave no usable answer" in result.stderr
    assert len(server.requests) % 3 == 0
    server.script(reply(server))
    assert told(*grow(server))["added"] == []
    assert Path("diffex-run/corpus.yaml").read_text() == before


def test_mistakes_are_one_sentence(server: Any) -> None:
    result = diffex(*grow(server))
    assert result.exit_code == 3
    assert "there is no run directory diffex-run" in result.stderr
    corpus = ("corpus", "--domain", "shapes", "--corpus-file", "hierarchy.yaml", "--images", "pictures", "-q")
    assert diffex(*corpus).exit_code == 0
    result = diffex(*grow(server))
    assert result.exit_code == 3
    assert "run `diffex search` first" in result.stderr
    result = diffex("corpus", "grow")
    assert result.exit_code == 2
    assert "the corpus provider 'file:" in result.stderr
    assert "does not ask a language model: give --provider anthropic" in result.stderr


@pytest.mark.usefixtures("searched")
def test_the_evidence_is_surprises_then_flips_then_mistakes() -> None:
    run = RunDirectory(Path("diffex-run"))
    labelled = [dataclasses.replace(image, label="blue") for image in run.images()]
    run.write_images(labelled, {})
    finished = read_finished(run.path)
    cases = Evidence(finished).cases()
    captions = [tuple(case.pictures) for case in cases]
    assert captions[0] == ("before", "after")
    assert captions[-1] == ("untouched",)
    assert "the classifier takes this for 'red', and it is 'blue'." in [case.text for case in cases]
    assert "was added. That changed the score of" in cases[0].text
    assert "on the other pictures by" in cases[0].text
    run.write_ranking([dataclasses.replace(row, status="dropped") for row in finished.ranking], {}, finished.search.id)
    strongest = Evidence(read_finished(run.path)).cases()[0]
    assert strongest.text == cases[0].text, "without an explanation the strongest count"
    run.write_search(dataclasses.replace(finished.search, held_out=tuple(finished.images)))
    assert all("takes this for" not in case.text for case in Evidence(read_finished(run.path)).cases())
