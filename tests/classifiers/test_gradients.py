"""Classifiers from the inside: the same logits, with their graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from heat_of import heatmap
from PIL import Image
from torchvision_operators import torchvision_or_skip

from diffex_cli.birds import samples
from diffex_cli.birds.panel.classifiers import open_member
from diffex_cli.classifiers.backends.onnx import OnnxClassifier
from diffex_cli.classifiers.backends.python import PythonClassifier
from diffex_cli.classifiers.backends.transformers import TransformersClassifier
from diffex_cli.classifiers.base import Classifier
from diffex_cli.classifiers.gradients import GradientClassifier
from diffex_cli.core.registry import CLASSIFIERS, find, parse_spec

PICTURES = [
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)) for seed in range(3)
]


def check(classifier: Classifier, pictures: list[Image.Image] = PICTURES) -> None:
    """Same logits, gradients that reach the pixels, and a heat map."""
    assert isinstance(classifier, GradientClassifier)
    inside = classifier.gradients()
    assert inside is not None
    pixels = inside.prepare(pictures).requires_grad_()
    logits = inside.logits(pixels)
    np.testing.assert_allclose(logits.detach().numpy(), classifier.logits(pictures), atol=1e-4, rtol=1e-4)
    (gradient,) = torch.autograd.grad(logits[:, -1].sum(), pixels)
    assert gradient.abs().amax(dim=(1, 2, 3)).min() > 0
    maps = heatmap("gradcam", classifier, classifier.labels[-1], pictures)
    assert maps.shape == (len(pictures), pictures[0].height, pictures[0].width)
    assert 0 <= maps.min() <= maps.max() <= 1


@pytest.mark.parametrize("options", ["", ":kind=multilabel"])
def test_transformers(efficientnet: Path, vit: Path, options: str) -> None:
    check(TransformersClassifier(parse_spec(f"transformers:{efficientnet}{options}"), device="cpu"))
    check(TransformersClassifier(parse_spec(f"transformers:{vit}{options}"), device="cpu"))


@pytest.mark.parametrize("name", ["single-snow", "xor-tail-back", "and-not-back-tail", "planted-tail-100"])
def test_the_panel(name: str) -> None:
    check(open_member(parse_spec(f"birds:panel-{name}"), device="cpu"), list(samples.pictures().values())[:3])


def test_timm(tmp_path: Path) -> None:
    torchvision_or_skip()
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    timm.models.save_for_hf(timm.create_model("test_resnet", num_classes=3), tmp_path, safe_serialization=True)
    check(find(CLASSIFIERS, "timm")(parse_spec(f"timm:{tmp_path}"), device="cpu"))


@pytest.mark.parametrize(("classes", "options"), [(3, ""), (1, ",kind=binary")])
def test_torchvision(tmp_path: Path, classes: int, options: str) -> None:
    torchvision_or_skip()
    import torchvision
    from safetensors.torch import save_file

    torch.manual_seed(0)
    model: Any = torchvision.models.get_model("mobilenet_v3_small", weights=None, num_classes=classes)
    save_file(model.state_dict(), tmp_path / "own.safetensors")
    spec = f"torchvision:mobilenet_v3_small:weights={tmp_path / 'own.safetensors'}{options}"
    check(find(CLASSIFIERS, "torchvision")(parse_spec(spec), device="cpu"))


def test_clip(tmp_path: Path) -> None:
    from tiny_clip import save_clip

    labels = tmp_path / "labels.yaml"
    labels.write_text("bird: [a photo]\ncat: [a cat]\n")
    folder = save_clip(tmp_path / "clip")
    check(find(CLASSIFIERS, "clip")(parse_spec(f"clip:{folder}:labels={labels}"), device="cpu"))


def test_black_boxes_have_no_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "box_of_mine.py").write_text("def score(pictures):\n    return [[0.0, 1.0]] * len(pictures)\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert not isinstance(PythonClassifier(parse_spec("python:box_of_mine:score")), GradientClassifier)
    pytest.importorskip("onnxruntime")
    import tiny_onnx

    file = tiny_onnx.save(tmp_path / "model.onnx")
    assert OnnxClassifier(parse_spec(f"onnx:{file}:mean=0,std=1"), device="cpu").gradients() is None
