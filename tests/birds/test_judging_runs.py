"""``diffex birds truth``: the stage's logic, and the command."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from diffex_cli.artifacts import corpus_yaml
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.birds import samples
from diffex_cli.birds.judging import truth_of_run
from diffex_cli.birds.meanings import FINE, PLACEBOS
from diffex_cli.commands.main import app
from diffex_cli.core import domains
from diffex_cli.core.errors import IncompleteError
from diffex_cli.core.progress import SilentProgress
from diffex_cli.core.settings import Settings
from diffex_cli.corpus import corpus
from diffex_cli.measure import edit, score
from diffex_cli.search import search

SPEC = "python:corner_classifier:logits"
NODES = {node.id: node for node in corpus_yaml.read_corpus(domains.corpus_file("birds")).walk()}


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("judged") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFEX_CACHE", str(folder.parent))
        values: dict[str, Any] = {
            "run": folder, "domain": "birds", "provider": "bundled", "n_images": 2, "classifier": SPEC,
            "editor": "render:birds", "algorithm": "exhaustive", "delta": 0.2,
        }  # fmt: skip
        settings = Settings(**values, origins=dict.fromkeys(values, "flag"))
        corpus.run(settings, SilentProgress())
        edit.run(settings, SilentProgress())
        score.run(settings, SilentProgress())
        search.run(settings, SilentProgress())
    return folder


def test_a_run_with_the_perfect_editor_is_judged_true(finished_run: Path) -> None:
    verdict = truth_of_run(finished_run, None, None)
    exact = {row.candidate: row.effect for row in verdict.rows}
    assert verdict.classifier == SPEC
    assert set(verdict.found) == set(exact) == set(NODES)
    for candidate, node in NODES.items():
        if node.prompt in FINE or node.prompt in PLACEBOS:
            assert verdict.found[candidate] == pytest.approx(exact[candidate], abs=1e-6)
    assert verdict.agreement is not None
    assert verdict.agreement.ndcg5 > 0.8
    assert verdict.agreement.top.startswith("background")
    assert verdict.agreement.true_top.startswith("background")


def test_attributes_without_a_measured_effect_are_left_out(finished_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ranking = list(RunDirectory(finished_run).ranking())
    ranking[-1] = dataclasses.replace(ranking[-1], effect=float("nan"), influence=float("nan"))
    monkeypatch.setattr(RunDirectory, "ranking", lambda self, search=None: tuple(ranking))
    verdict = truth_of_run(finished_run, None, None)
    assert ranking[-1].candidate not in verdict.found
    assert verdict.agreement is not None


def test_a_run_without_a_ranking_is_incomplete(tmp_path: Path) -> None:
    with pytest.raises(IncompleteError, match="run `diffex search` first"):
        truth_of_run(tmp_path, None, None)


@pytest.fixture
def two_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    few = dict(list(samples.records().items())[:2])
    monkeypatch.setattr(samples, "records", lambda: few)


@pytest.mark.usefixtures("two_samples")
def test_without_a_run_all_samples_are_the_truth() -> None:
    verdict = truth_of_run(None, SPEC, "nothing")
    assert (verdict.found, verdict.agreement) == ({}, None)
    assert {(row.target, row.effect, row.n) for row in verdict.rows} == {("nothing", 0.0, 2)}


@pytest.mark.usefixtures("two_samples")
def test_the_command_prints_the_truth() -> None:
    result = CliRunner().invoke(app, ["birds", "truth", "--classifier", SPEC, "--json"])
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert (printed["classifier"], printed["target"], printed["agreement"]) == (SPEC, "red corner", None)
    assert len(printed["rows"]) == len(NODES)


def test_the_command_compares_a_run(finished_run: Path) -> None:
    result = CliRunner().invoke(app, ["birds", "truth", "--run", str(finished_run)])
    assert result.exit_code == 0, result.output
    assert "nDCG@5" in result.output


def test_a_run_names_its_classifier_itself(finished_run: Path) -> None:
    result = CliRunner().invoke(app, ["birds", "truth", "--run", str(finished_run), "--target", "nothing"])
    assert result.exit_code == 2
    assert "leave out --classifier and --target" in result.output
