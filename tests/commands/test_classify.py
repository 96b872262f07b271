"""`diffex classify`, on the embedded birds and on classifiers with the mistakes that it looks for."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from diffex_cli.commands.main import app
from diffex_cli.core import domains

MODELS = """\
import numpy as np
import random

def means(pictures):
    return np.array([np.asarray(picture, dtype=float).mean(axis=(0, 1)) / 64 for picture in pictures])

LABELS = ("red", "green", "blue")
def probabilities(pictures): return np.exp(means(pictures)) / np.exp(means(pictures)).sum(1, keepdims=True)
def sigmoids(pictures): return 1 / (1 + np.exp(-means(pictures)))
def sigmoid(pictures): return sigmoids(pictures)[:, :1]
sigmoid.labels = ["red"]
def blind(pictures): return np.array([[1.5, -2.0, 3.0]] * len(pictures))
def flat(pictures): return np.repeat(means(pictures)[:, :1], 3, axis=1)
def batch(pictures): return means(pictures) - means(pictures).mean(axis=0)
def dropout(pictures): return means(pictures) * (3 + random.random())
def broken(pictures): return means(pictures) * np.where(np.arange(len(pictures)) == 1, np.nan, 1)[:, None]
def hopeless(pictures): return means(pictures) * np.nan
def one(pictures): return means(pictures)[:, :1] - 1
one.labels = ["redness"]
def pair(pictures):
    yes = 1 / (1 + np.exp(-means(pictures)[:, 0] / 2))
    return np.stack([1 - yes, yes], axis=1)
pair.labels = ["pale", "red"]
"""


@pytest.fixture(autouse=True)
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DIFFEX_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.delitem(sys.modules, "models_with_mistakes", raising=False)
    Path("models_with_mistakes.py").write_text(MODELS)
    Path("pictures").mkdir()
    for shade in range(3):
        Image.new("RGB", (12, 12), (40 * shade, 100, 30)).save(f"pictures/{shade}.png")


def classify(callable: str, *arguments: str) -> Result:
    spec = f"python:models_with_mistakes:{callable}"
    return CliRunner().invoke(app, ["classify", "--classifier", spec, *(arguments or ("pictures",))])


def test_a_trained_classifier_names_the_birds() -> None:
    samples = [str(path) for path in (domains.samples("birds") or ())[:3]]
    result = CliRunner().invoke(app, ["classify", *samples, "--classifier", "birds:species", "--json"])
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert set(found) == {"classifier", "fingerprint", "labels", "images", "oddities", "warnings"}
    assert len(found["labels"]) == 5
    assert [image["file"] for image in found["images"]] == samples
    for image in found["images"]:
        assert sum(guess["probability"] for guess in image["top"]) == pytest.approx(1)
        assert [guess["logit"] for guess in image["top"]] == sorted((g["logit"] for g in image["top"]), reverse=True)
        assert image["top"][0]["probability"] > 0.5


def test_the_table(tmp_path: Path) -> None:
    result = classify("means", "pictures", "--top", "2")
    lines = [line.split() for line in result.stdout.splitlines() if "0." in line]
    assert lines == [
        ["pictures/0.png", "green", "+1.562", "0.647"],
        ["blue", "+0.469", "0.217"],
        ["pictures/1.png", "green", "+1.562", "0.579"],
        ["red", "+0.625", "0.227"],
        ["pictures/2.png", "green", "+1.562", "0.484"],
        ["red", "+1.250", "0.354"],
    ]
    assert result.stdout.endswith("3 images, 3 classes, python:models_with_mistakes:means.\n")
    assert result.stderr == ""
    assert not (tmp_path / "diffex-run").exists()


def test_quiet_is_one_line_an_image() -> None:
    assert classify("means", "pictures/2.png", "pictures/0.png", "-q").stdout == (
        "pictures/2.png\tgreen\npictures/0.png\tgreen\n"
    )


@pytest.mark.parametrize(
    ("callable", "warning"),
    [
        ("probabilities", "the scores of every image add up to 1: they look like probabilities, but count as logits"),
        ("sigmoids", "all scores lie between 0 and 1, but count as logits: if they are probabilities, declare"),
        ("sigmoid:kind=binary", "all scores lie between 0 and 1, but count as logits: if they are probabilities"),
        ("blind", "all 3 images have the same scores, though 3 of them are different"),
        ("flat", "all 3 classes have the same score in every image"),
        ("batch", "an image scored alone and among others differs by up to "),
        ("dropout", "an image scored alone and among others differs by up to "),
    ],
)
def test_a_mistake_is_told(callable: str, warning: str) -> None:
    result = classify(callable)
    assert result.exit_code == 0
    assert result.stderr.startswith(f"Warning: {warning}")
    assert result.stderr.count("\n") == 1
    assert json.loads(classify(callable, "pictures", "--json").stdout)["oddities"][0].startswith(warning)


@pytest.mark.parametrize(
    "callable",
    [
        "pair:values=probabilities",
        "probabilities:values=probabilities",
        "sigmoids:kind=multilabel,values=probabilities",
    ],
)
def test_declared_probabilities_are_no_mistake(callable: str) -> None:
    result = classify(callable)
    assert (result.exit_code, result.stderr) == (0, "")


def test_logits_that_are_declared_probabilities_are_an_error() -> None:
    result = classify("means:values=probabilities")
    assert result.exit_code == 1
    assert "is declared to give probabilities, but gave 0 to 1.562" in result.stderr


def test_a_score_that_is_not_finite_costs_that_picture() -> None:
    result = classify("broken", "pictures", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert [image["file"] for image in found["images"]] == ["pictures/0.png", "pictures/2.png"]
    assert found["warnings"] == ["passed over pictures/1.png: the classifier gave a score that is not finite for it"]
    assert found["oddities"] == []


def test_nothing_but_scores_that_are_not_finite_is_an_error() -> None:
    result = classify("hopeless")
    assert result.exit_code == 2
    assert "none of the images can be classified: passed over pictures/0.png: the classifier gave" in result.stderr


def test_the_same_picture_twice_is_no_mistake() -> None:
    result = classify("means", "pictures/0.png", "pictures/0.png")
    assert result.stderr == ""


def test_a_single_output_has_no_probability() -> None:
    found = json.loads(classify("one", "pictures", "--json").stdout)
    assert [image["top"][0]["probability"] for image in found["images"]] == [None] * 3
    assert "–" in classify("one").stdout


def test_what_cannot_be_read_is_passed_over() -> None:
    Path("pictures/3.png").write_text("no picture")
    result = classify("means", "pictures")
    assert result.exit_code == 0
    assert "Warning: passed over pictures/3.png" in result.stderr
    result = classify("means", "pictures/3.png")
    assert result.exit_code == 2
    assert "none of the images can be read" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.png"], "there is no file or folder nowhere.png"),
        (["empty"], "there are no images (apng, avif, bmp, dib, gif, "),
        (["pictures", "--top", "0"], "--top"),
        ([], "Missing argument"),
    ],
)
def test_wrong_arguments(arguments: list[str], sentence: str) -> None:
    Path("empty").mkdir()
    result = CliRunner().invoke(app, ["classify", *arguments])
    assert result.exit_code == 2
    assert sentence in result.stderr
