"""Grad-CAM against two other implementations, and of networks of several families."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.truth import heat as bench
from diffex_cli.birds import samples
from diffex_cli.birds.classifier import open_birds
from diffex_cli.birds.panel.classifiers import open_member
from diffex_cli.birds.panel.members import PANEL
from diffex_cli.classifiers.gradients import Gradients, logits_of
from diffex_cli.classifiers.outputs import Outputs
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import parse_spec
from diffex_cli.heatmaps.gradcam import gradcam, placed
from diffex_cli.heatmaps.layers import last_layer
from diffex_cli.heatmaps.view import View

KEYS = list(samples.pictures())[:5]
PICTURES = [samples.pictures()[key] for key in KEYS]


def birds(name: str) -> Any:
    return open_birds(parse_spec(f"birds:{name}"), device="cpu")


def one_hot(label: int, labels: int, n: int = len(PICTURES)) -> np.ndarray:
    weights = np.zeros((n, labels))
    weights[:, label] = 1
    return weights


@pytest.mark.parametrize("name", ["planted-background-95", "single-snow", "and-beak-breast"])
def test_the_benchmarks_grad_cam_finds_the_same(name: str) -> None:
    classifier: Any = open_member(parse_spec(f"birds:panel-{name}"), device="cpu")
    column = classifier.labels.index(PANEL[name].target)
    found = gradcam(classifier.gradients(), PICTURES, one_hot(column, len(classifier.labels)))
    total = found.sum(axis=(1, 2), keepdims=True)
    reference = bench.heat(PANEL[name], KEYS)
    # the last layer of the one is that of the other; the view is measured, to a fraction of a pixel
    np.testing.assert_allclose(found / np.where(total > 0, total, 1), reference, atol=0.02 * reference.max())
    assert reference.max() > 0


@pytest.mark.parametrize("name", ["species", "shortcut"])
def test_captum_finds_the_same(name: str) -> None:
    attr = pytest.importorskip("captum.attr", exc_type=ImportError)
    network = birds(name).gradients()
    layer = last_layer(network, network.prepare(PICTURES[:1]))
    assert layer is not None
    pixels = network.prepare(PICTURES)
    for label in range(2):
        cam = attr.LayerGradCam(network.logits, layer.module).attribute(pixels, target=label, relu_attributions=True)
        reference = torch.nn.functional.interpolate(cam.detach(), (128, 128), mode="bilinear", align_corners=False)
        found = gradcam(network, PICTURES, one_hot(label, 5))
        np.testing.assert_allclose(found, reference[:, 0].numpy(), atol=0.02 * float(reference.max()))
        assert reference.max() > 0


def test_a_pictures_map_does_not_depend_on_its_company() -> None:
    network = birds("species").gradients()
    together = gradcam(network, PICTURES, one_hot(0, 5))
    alone = np.concatenate([gradcam(network, [picture], one_hot(0, 5, 1)) for picture in PICTURES])
    np.testing.assert_allclose(together, alone, atol=1e-4 * together.max())


def test_no_pictures_have_no_maps() -> None:
    assert len(gradcam(birds("species").gradients(), [], np.zeros((0, 5)))) == 0


class Halves(torch.nn.Module):
    """Two features over a 4×4 grid, the red of a cell and its blue; a class for each."""

    def __init__(self, last: str = "nchw") -> None:
        super().__init__()
        self.cells = torch.nn.AvgPool2d(8)
        self.last = last
        self.rearranged = torch.nn.Flatten(2)
        self.norm = TokenNorm()

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        grid = self.cells(pixels)[:, [0, 2]]
        if self.last == "nchw":
            return grid.square().mean(dim=(2, 3))
        tokens = self.rearranged(grid).transpose(1, 2)
        extra = tokens.new_zeros(len(tokens), 1, 2)
        return self.norm(torch.cat([extra, tokens], dim=1))[:, 1:].square().mean(dim=1)


class TokenNorm(torch.nn.Module):
    """Stands where a transformer has its last normalisation."""

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return tokens * 1.0


def prepare(images: Sequence[Image.Image]) -> torch.Tensor:
    arrays = np.stack([np.asarray(image) for image in images]).transpose(0, 3, 1, 2)
    return torch.from_numpy(arrays.astype(np.float32)) / 255


def half_red() -> Image.Image:
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:, :16, 0] = 255
    pixels[:8, :, 2] = 255
    return Image.fromarray(pixels)


@pytest.mark.parametrize("last", ["nchw", "tokens"])
def test_the_heat_of_a_known_network_is_exact(last: str) -> None:
    module = Halves(last).eval()
    network = Gradients(module, prepare, module)
    layer = last_layer(network, prepare([half_red()]))
    assert layer is not None
    assert layer.arrangement.axes == last
    assert (layer.arrangement.rows, layer.arrangement.columns) == (4, 4)
    maps = gradcam(network, [half_red(), half_red()], np.eye(2))
    # the slope of a mean of 16 squares is 2 · value / 16, its mean over the map that of the feature / 8
    red = placed(torch.tensor([[[1.0, 1.0, 0.0, 0.0]] * 4]) * 0.5 / 8, View(0, 0, 32, 32), (32, 32))[0]
    blue = placed(torch.tensor([[[1.0] * 4] + [[0.0] * 4] * 3]) * 0.25 / 8, View(0, 0, 32, 32), (32, 32))[0]
    np.testing.assert_allclose(maps[0], red.numpy(), atol=1e-3)
    np.testing.assert_allclose(maps[1], blue.numpy(), atol=1e-3)
    assert maps[0][:, :10].min() > 0.99 * maps[0].max()
    assert maps[0][:, 22:].max() < 0.01 * maps[0].max()


def test_a_contrast_takes_the_other_class_away() -> None:
    module = Halves().eval()
    network = Gradients(module, prepare, module)
    both = gradcam(network, [half_red()], np.array([[1.0, -1.0]]))[0]
    red = gradcam(network, [half_red()], np.array([[1.0, 0.0]]))[0]
    assert both[16:].max() == pytest.approx(red[16:].max())
    assert both[:4].max() < red[:4].max()


def test_a_network_without_places_is_refused() -> None:
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 2)).eval()
    with pytest.raises(UsageError, match="no layer with positions"):
        gradcam(Gradients(module, prepare, module), [half_red()], np.eye(2)[:1])


def test_frozen_weights_are_no_obstacle() -> None:
    classifier = birds("shortcut")
    network = classifier.gradients()
    moving = gradcam(network, PICTURES[:1], one_hot(0, 5, 1))
    network.module.requires_grad_(False)
    np.testing.assert_allclose(gradcam(network, PICTURES[:1], one_hot(0, 5, 1)), moving, atol=1e-5 * moving.max())


def test_outside_of_what_the_network_sees_nothing_is_hot() -> None:
    found = placed(torch.ones(1, 2, 2), View(8, 4, 24, 12), (32, 16))[0].numpy()
    inside = np.zeros((16, 32), bool)
    inside[4:12, 8:24] = True
    np.testing.assert_array_equal(found, inside.astype(float))


@pytest.mark.parametrize(
    "outputs",
    [
        Outputs(),
        Outputs("binary"),
        Outputs("binary", "probabilities"),
        Outputs("softmax", "probabilities"),
        Outputs("multilabel", "probabilities"),
        Outputs("regression"),
    ],
)
@pytest.mark.parametrize("classes", [2, 3])
def test_tensors_become_the_logits_that_arrays_become(outputs: Outputs, classes: int) -> None:
    columns = 1 if outputs.kind == "binary" else classes
    raw = np.random.default_rng(0).uniform(0.01, 0.99, (4, columns))
    if outputs.kind == "softmax":
        raw /= raw.sum(axis=1, keepdims=True)
    raw[0] = np.eye(columns)[0]
    expected = outputs.logits(raw, 4, 2 if outputs.kind == "binary" else classes, "test")
    found = logits_of(outputs, torch.from_numpy(raw)).numpy()
    np.testing.assert_allclose(found[1:], expected[1:], atol=1e-5)
    # where probabilities are clipped, float32 knows few numbers
    np.testing.assert_allclose(found[0], expected[0], rtol=0.02, atol=1e-5)
