from __future__ import annotations

import functools
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from diffex_cli.birds.attributes import ATTRIBUTES, random_bird
from diffex_cli.birds.probe import ATTRIBUTE_LABELS
from diffex_cli.birds.renderer import render
from diffex_cli.classifiers.backends.transformers import TransformersClassifier
from diffex_cli.core.registry import parse_spec
from training import classifiers
from training.checkpoints import Checkpoint

LABELS = ("left", "right")
BIRDS = [random_bird(random.Random(seed)) for seed in range(6)]


@pytest.fixture
def pixels(monkeypatch: pytest.MonkeyPatch, in_process_pool: type) -> torch.Tensor:
    monkeypatch.setattr(classifiers, "ProcessPoolExecutor", in_process_pool)
    return classifiers.pictures(BIRDS)


def new_network() -> Any:
    torch.manual_seed(0)
    return classifiers.new_network(LABELS, width=0.25)


def test_pictures_keep_their_order(pixels: torch.Tensor) -> None:
    assert (pixels.shape, pixels.dtype) == ((6, 3, 128, 128), torch.uint8)
    for bird, row in zip(BIRDS, pixels, strict=True):
        assert np.array_equal(row.permute(1, 2, 0).numpy(), np.asarray(render(bird)))


def test_a_saved_network_is_the_trained_one(pixels: torch.Tensor, tmp_path: Path) -> None:
    """The image processor that is saved beside the weights makes the same of a picture as training does."""
    network = new_network()
    with torch.no_grad():
        network.train()(classifiers.normalize(pixels))  # an untrained network is silent until its norms saw pictures
    network.eval()
    expected = classifiers.logits_of(network, pixels).numpy()
    classifiers.save(network, tmp_path)
    assert next(network.parameters()).dtype == torch.float32
    loaded = TransformersClassifier(parse_spec(f"transformers:{tmp_path}"), device="cpu")
    logits = loaded.logits([Image.fromarray(row.permute(1, 2, 0).numpy()) for row in pixels])
    assert loaded.labels == LABELS
    assert np.ptp(expected) > 0.05, "the new network must not be silent"
    assert np.abs(logits - expected).max() < 0.02 * np.abs(expected).max()


def test_an_interrupted_training_ends_with_the_same_weights(
    pixels: torch.Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifiers, "BATCH", 4)
    monkeypatch.setattr(
        classifiers, "Checkpoint", lambda folder, parts, minutes: Checkpoint(folder, parts, minutes=0.0)
    )
    train = functools.partial(
        classifiers.train, pixels=pixels, targets=torch.arange(6) % 2, loss_of=classifiers.species_loss, steps=4
    )
    whole, broken, resumed = new_network(), new_network(), new_network()
    train(whole, folder=tmp_path / "whole")
    calls: list[int] = []

    def interrupting(batch: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return augment(batch)

    augment = classifiers.augment
    with monkeypatch.context() as patch:
        patch.setattr(classifiers, "augment", interrupting)
        with pytest.raises(KeyboardInterrupt):
            train(broken, folder=tmp_path / "broken")
    train(resumed, folder=tmp_path / "broken")
    assert not whole.training
    state = whole.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in resumed.state_dict().items())


def test_augmentation_keeps_half_of_the_rows_sharp(pixels: torch.Tensor) -> None:
    torch.manual_seed(0)
    batch = classifiers.normalize(pixels)
    made = classifiers.augment(batch)
    assert made.shape == batch.shape
    assert 0.01 < float((made - batch).abs().mean()) < 0.1


def test_the_probes_loss_is_the_sum_over_attributes() -> None:
    targets = torch.tensor([[ATTRIBUTES[a].index(bird.value(a)) for a in ATTRIBUTES] for bird in BIRDS])
    even = torch.zeros(len(BIRDS), len(ATTRIBUTE_LABELS))
    expected = sum(np.log(len(values)) for values in ATTRIBUTES.values())
    assert float(classifiers.probe_loss(even, targets)) == pytest.approx(expected, rel=1e-5)
    sure = torch.tensor(
        [[30.0 * (bird.value(a) == value) for a, values in ATTRIBUTES.items() for value in values] for bird in BIRDS]
    )
    assert float(classifiers.probe_loss(sure, targets)) < 1e-6
