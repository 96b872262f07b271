"""Labels that exclude nothing, and quantities, through the command line. The edits turn `light` on while `paper` stays
far above it: by the sigmoid it flips, by the softmax it never would."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.commands.main import app
from diffex_cli.corpus.evidence import Evidence
from diffex_cli.report.finished import read_finished

HIERARCHY = """\
schema: diffex.corpus/1
domain: shapes
nodes:
- name: rough
- name: edge
- name: nothing
  placebo: true
  overrides: {strength: 0.0}
"""
MODEL = """\
import numpy as np

LABELS = ("paper", "light")


def logits(pictures):
    light = np.array([np.asarray(picture, dtype=float).mean() / 10 - 1 for picture in pictures])
    return np.stack([np.full(len(light), 40.0), light], axis=1)
"""
IMAGES = 6
MODEL_OF = {kind: f"python:paper_and_light:logits:kind={kind}" for kind in ("softmax", "multilabel", "regression")}


def diffex(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def told(*arguments: str) -> str:
    result = diffex(*arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def search(run: str, kind: str, *more: str) -> Result:
    common = ("--editor", "tint:", "--target", "light", "--json", *more)
    return diffex("search", "--run", run, "--classifier", MODEL_OF[kind], *common)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished search for each kind, with its report."""
    folder = tmp_path_factory.mktemp("kinds")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("DIFFEX_")]:
            patch.delenv(name)
        patch.setenv("DIFFEX_CACHE", str(folder / "cache"))
        patch.setattr(sys, "path", sys.path.copy())
        patch.chdir(folder)
        Path("shapes.yaml").write_text(HIERARCHY)
        Path("paper_and_light.py").write_text(MODEL)
        Path("pictures").mkdir()
        random = np.random.default_rng(0)
        for i in range(IMAGES):
            Image.fromarray(random.integers(0, 9, (8, 8, 3), dtype=np.uint8)).save(f"pictures/{i}.png")
        told("corpus", "--run", "new", "--domain", "shapes", "--corpus-file", "shapes.yaml", "--images", "pictures")
        for kind in MODEL_OF:
            shutil.copytree("new", kind)
            assert search(kind, kind).exit_code == 0
            told("report", "--run", kind)
    return folder


@pytest.fixture(autouse=True)
def here(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DIFFEX_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(runs)


def rough(kind: str) -> dict[str, Any]:
    rows = json.loads(search(kind, kind).stdout)["rows"]
    row: dict[str, Any] = next(row for row in rows if row["candidate"] == "rough")
    return row


def test_who_flips_goes_by_the_kind() -> None:
    one, many, quantity = (rough(kind) for kind in MODEL_OF)
    assert one["effect"] == many["effect"] == quantity["effect"] > 1
    assert (one["flip_to"], one["flip_from"]) == (0.0, None)
    assert (many["flip_to"], many["flip_from"]) == (1.0, None)
    assert abs(one["delta_probability"]) < 1e-9
    assert many["delta_probability"] > 0.3
    assert many["cace"] == many["delta_probability"]
    assert many["sufficiency"] == 1.0
    assert one["cout"] is not None
    assert many["cout"] is None, "no class is left for another"
    unknown = ("flip_to", "flip_from", "delta_probability", "cace", "necessity", "sufficiency", "cout")
    assert [quantity[name] for name in unknown] == [None] * len(unknown)


@pytest.mark.parametrize("kind", MODEL_OF)
def test_the_scores_say_their_kind(kind: str) -> None:
    (part,) = Path(kind, "scores").glob("*.parquet")
    assert {row["output_kind"] for row in pq.read_table(part).to_pylist()} == {kind}
    expected = {
        "softmax": lambda logit: 1 / (1 + np.exp(40 - logit)),
        "multilabel": lambda logit: 1 / (1 + np.exp(-logit)),
        "regression": lambda logit: np.nan,
    }[kind]
    for row in read_finished(Path(kind)).scores.values():
        assert row.probability("light") == pytest.approx(expected(row.logit("light")), nan_ok=True)


def test_probability_as_the_scale() -> None:
    shutil.copytree("multilabel", "prob")
    found = json.loads(search("prob", "multilabel", "--scale", "prob").stdout)
    assert found["rows"][0]["effect"] == found["rows"][0]["delta_probability"] > 0.3
    everything = json.loads(search("prob", "multilabel", "--scale", "prob", "--target", "all").stdout)
    assert everything["rows"][0]["target"] == "light", "it is the label that moves most"
    result = search("regression", "regression", "--scale", "prob")
    assert result.exit_code == 2
    assert "gives quantities and no probabilities: leave out --scale prob" in result.stderr
    assert result.stderr.strip().count("\n") == 0


@pytest.mark.parametrize(("kind", "paper", "light"), [("multilabel", 1.0, 0.38), ("regression", None, None)])
def test_classify(kind: str, paper: float | None, light: float | None) -> None:
    found = json.loads(told("classify", "pictures/0.png", "--classifier", MODEL_OF[kind], "--json"))
    shares = {guess["label"]: guess["probability"] for guess in found["images"][0]["top"]}
    assert shares == {
        "paper": None if paper is None else pytest.approx(paper),
        "light": None if light is None else pytest.approx(light, abs=0.05),
    }


@pytest.mark.parametrize(
    ("kind", "mistakes", "turned"),
    [
        ("softmax", True, ""),
        ("multilabel", False, " The prediction turned from 'paper' to 'paper', 'light'."),
        ("regression", False, ""),
    ],
)
def test_what_a_language_model_is_shown(kind: str, mistakes: bool, turned: str) -> None:
    run = RunDirectory(Path(kind))
    run.write_images([dataclasses.replace(image, label="light") for image in run.images()], {})
    finished = read_finished(run.path)
    finished.ranking = tuple(
        dataclasses.replace(row, status="kept" if row.candidate == "edge" else "dropped") for row in finished.ranking
    )
    cases = Evidence(finished).cases()
    assert any("takes this for 'paper', and it is 'light'" in case.text for case in cases) == mistakes
    told = {case.text[case.text.index(" The prediction") :] for case in cases if " The prediction" in case.text}
    assert told == ({turned} if turned else set())


def test_the_report_shows_the_labels_own_probability() -> None:
    assert "Flips to it" in Path("multilabel/report/index.html").read_text(encoding="utf-8")
    assert "Flips to it" not in Path("regression/report/index.html").read_text(encoding="utf-8")
