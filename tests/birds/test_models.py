"""The models that ship in the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, LEditsPPPipelineStableDiffusion, StableDiffusionPipeline
from safetensors.torch import load_file
from transformers import AutoModelForImageClassification

import diffex_cli.birds
from diffex_cli.birds import samples
from diffex_cli.birds.attributes import ATTRIBUTES
from diffex_cli.birds.classifier import open_birds
from diffex_cli.birds.meanings import MEANINGS
from diffex_cli.birds.probe import ATTRIBUTE_LABELS, read_attributes
from diffex_cli.birds.species import LABELS
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.base import EditRequest
from diffex_cli.editors.ledits import LeditsEditor

MODELS = Path(diffex_cli.birds.__file__).parent / "models"
CLASSIFIERS = ("species", "shortcut", "null", "probe")
SPECIES_ACCURACY = 0.8
"""Guessing has 0.2; knowing the records and the trait probabilities has 0.92 on the samples."""


def size(folders: tuple[str, ...]) -> int:
    return sum(path.stat().st_size for name in folders for path in (MODELS / name).rglob("*") if path.is_file())


def sample_labels() -> list[str]:
    return [path.stem.split("-", 1)[1] for path in sorted(samples.FOLDER.glob("*.png"))]


def accuracy(name: str) -> float:
    classifier = open_birds(parse_spec(f"birds:{name}"), device="cpu")
    found = classifier.logits(list(samples.pictures().values())).argmax(1)
    return float(np.mean([classifier.labels[k] == label for k, label in zip(found, sample_labels(), strict=True)]))


def test_the_models_are_small() -> None:
    assert 0 < size(("diffusion",)) < 25_000_000
    assert 0 < size(CLASSIFIERS) < 10_000_000


@pytest.mark.parametrize("name", ["diffusion", *CLASSIFIERS])
def test_weights_are_half_precision_safetensors(name: str) -> None:
    files = [path for path in (MODELS / name).rglob("*") if path.is_file()]
    weights = [path for path in files if path.suffix == ".safetensors"]
    assert {path.suffix for path in files} <= {".safetensors", ".json", ".txt"}
    assert len(weights) == (3 if name == "diffusion" else 1)
    for path in weights:
        tensors = [tensor for tensor in load_file(path).values() if tensor.is_floating_point()]
        assert {tensor.dtype for tensor in tensors} == {torch.float16}
        assert all(bool(tensor.isfinite().all()) for tensor in tensors)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_load_with_the_stock_class(name: str) -> None:
    model = AutoModelForImageClassification.from_pretrained(MODELS / name, use_safetensors=True)
    labels = tuple(model.config.id2label[k] for k in range(model.config.num_labels))
    assert labels == (ATTRIBUTE_LABELS if name == "probe" else LABELS)


def test_species_are_told_apart() -> None:
    assert accuracy("species") >= SPECIES_ACCURACY


def test_the_untrained_classifier_tells_nothing() -> None:
    assert accuracy("null") < 0.5


def test_the_probe_reads_the_samples() -> None:
    probe = open_birds(parse_spec("birds:probe"), device="cpu")
    seen = read_attributes(probe, list(samples.pictures().values()))
    birds = samples.records().values()
    right = [row[name] == bird.value(name) for row, bird in zip(seen, birds, strict=True) for name in ATTRIBUTES]
    assert np.mean(right) >= 0.97


@pytest.fixture(scope="module")
def pipeline() -> Any:
    return StableDiffusionPipeline.from_pretrained(MODELS / "diffusion", use_safetensors=True)


def test_the_stock_pipeline_loads_it(pipeline: Any) -> None:
    assert pipeline.safety_checker is None
    assert pipeline.scheduler.config.prediction_type == "epsilon"


def test_every_word_is_one_token(pipeline: Any) -> None:
    for prompt in MEANINGS:
        assert len(pipeline.tokenizer(prompt, add_special_tokens=False).input_ids) == len(prompt.split())


def test_the_stock_ledits_pipeline_loads_it() -> None:
    scheduler = DPMSolverMultistepScheduler.from_pretrained(
        MODELS / "diffusion" / "scheduler", algorithm_type="sde-dpmsolver++", solver_order=2
    )
    stock = LEditsPPPipelineStableDiffusion.from_pretrained(MODELS / "diffusion", scheduler=scheduler)
    assert stock.unet.config.sample_size == 32


def test_reconstructions_are_faithful() -> None:
    """Pictures through the auto-encoder alone: at least 30 dB, and read by the probe as before."""
    pictures = dict(list(samples.pictures().items())[:8])
    editor = LeditsEditor(parse_spec("ledits:birds:steps=1"), device="cpu")
    results = {r.key: r.image for r in editor.edit(pictures, [EditRequest(k, k, RECONSTRUCTION) for k in pictures], 0)}
    probe = open_birds(parse_spec("birds:probe"), device="cpu")
    errors, made = [], []
    for key, picture in pictures.items():
        image = results[key]
        assert image is not None
        made.append(image)
        errors.append(np.mean((np.asarray(image, dtype=float) - np.asarray(picture, dtype=float)) ** 2))
    assert 10 * np.log10(255**2 / np.mean(errors)) > 28
    before, after = read_attributes(probe, list(pictures.values())), read_attributes(probe, made)
    same = [one[name] == other[name] for one, other in zip(before, after, strict=True) for name in ATTRIBUTES]
    assert np.mean(same) >= 0.95
