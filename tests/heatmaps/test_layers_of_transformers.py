"""Grad-CAM's layer where a network has more grids than those that lie over the picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from test_gradcam import prepare
from transformer_structures import Biased, Cait, Restored, Tnt

from diffex_cli.classifiers.gradients import Gradients
from diffex_cli.core.errors import UsageError
from diffex_cli.heatmaps.gradcam import class_activation, gradcam
from diffex_cli.heatmaps.layers import Arrangement, Layer, last_layer

SIDE = 32
PICTURES = [
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)) for seed in (0, 1)
]


def network(module: torch.nn.Module) -> Gradients:
    torch.manual_seed(0)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return Gradients(module.eval(), prepare, module)


def name_of(module: torch.nn.Module, layer: Layer | None) -> str | None:
    if layer is None:
        return None
    return next(name for name, part in module.named_modules() if part is layer.module)


@pytest.mark.parametrize(
    ("module", "name", "arrangement"),
    [
        # 16 tokens: no 16 × 16 matrix between them
        (Cait(), "last.norm1", Arrangement(4, 4, "tokens", 1)),
        (Cait(softmax=True), "last.norm1", Arrangement(4, 4, "tokens", 1)),
        # no 16 × (4 × 4) maps of each picture's patches
        (Tnt(), "outer.norm1", Arrangement(4, 4, "tokens", 1)),
        # not the table, which knows no picture
        (Biased(), "patches", Arrangement(4, 4, "nchw")),
        # not what is only spread out again
        (Restored(), "deep", Arrangement(4, 4, "nchw")),
    ],
)
def test_the_layer_has_places_of_every_picture(module: torch.nn.Module, name: str, arrangement: Arrangement) -> None:
    of = network(module)
    layer = last_layer(of, prepare(PICTURES[:1]))
    assert name_of(module, layer) == name
    assert layer is not None
    assert layer.arrangement == arrangement
    maps = gradcam(of, PICTURES, np.eye(3)[:2])
    assert maps.shape == (2, SIDE, SIDE)
    assert np.isfinite(maps).all()
    for picture, row, own in zip(PICTURES, np.eye(3), maps, strict=False):
        np.testing.assert_allclose(gradcam(of, [picture], row[None])[0], own, atol=1e-5)


def test_a_network_with_matrices_alone_is_refused() -> None:
    with pytest.raises(
        UsageError, match="the classifier has no layer with positions in the picture: use --heatmap occlu"
    ):
        gradcam(network(Cait(softmax=True, linear=True)), PICTURES, np.eye(3)[:2])


def test_the_first_grid_may_be_the_pictures_own() -> None:
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, 1, 1), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
        torch.nn.Linear(4, 3),
    )  # fmt: skip
    layer = last_layer(network(module), prepare(PICTURES[:1]))
    assert layer is not None
    assert layer.arrangement == Arrangement(SIDE, SIDE, "nchw")


def test_a_layer_that_mixes_pictures_is_refused() -> None:
    module = Tnt()
    wrong = Layer(module.norm_in, Arrangement(4, 4, "tokens"))
    with pytest.raises(UsageError) as caught:
        class_activation(network(module), wrong, prepare(PICTURES), torch.eye(3)[:2])
    assert str(caught.value) == (
        "the classifier's last layer with positions has no row for each picture of a batch, so that Grad-CAM cannot "
        "tell them apart: use --heatmap occlusion"
    )
