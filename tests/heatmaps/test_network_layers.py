"""The layer that Grad-CAM looks at, in architectures of several families, with random weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from PIL import Image

from diffex_cli.classifiers.gradients import Gradients
from diffex_cli.heatmaps.layers import Arrangement, Layer, last_layer


def found(module: Any, side: int, logits: Callable[[Any], torch.Tensor] = lambda out: out) -> tuple[str, Layer]:
    """The layer's name, and the layer."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.1)
    module.eval()

    def prepare(images: Sequence[Image.Image]) -> torch.Tensor:
        raise AssertionError("only pixels are needed")

    network = Gradients(module, prepare, lambda pixels: logits(module(pixels)))
    layer = last_layer(network, torch.rand(1, 3, side, side))
    assert layer is not None
    name = next(name for name, part in module.named_modules() if part is layer.module)
    # the same for a picture of its own, and with maps over a grid
    outputs: list[torch.Tensor] = []
    handle = layer.module.register_forward_hook(lambda _, __, output: outputs.append(output))
    module(torch.rand(2, 3, side, side))
    handle.remove()
    maps = layer.arrangement.maps(outputs[0])
    assert maps.shape[0] == 2
    assert tuple(maps.shape[2:]) == (layer.arrangement.rows, layer.arrangement.columns)
    return name, layer


@pytest.mark.parametrize(
    ("name", "side", "layer", "arrangement"),
    [
        ("test_resnet", 160, "layer4", Arrangement(5, 5, "nchw")),
        ("test_efficientnet", 160, "bn2", Arrangement(5, 5, "nchw")),
        ("test_convnext", 160, "stages", Arrangement(5, 5, "nchw")),
        # the class token alone is classified: the last normalisation before patches are looked at
        ("test_vit", 160, "blocks.*.norm1", Arrangement(10, 10, "tokens", 1)),
    ],
)
def test_timm(name: str, side: int, layer: str, arrangement: Arrangement) -> None:
    timm = pytest.importorskip("timm")
    where, what = found(timm.create_model(name, num_classes=3), side)
    head, _, tail = layer.partition("*")
    assert where.startswith(head)
    assert where.endswith(tail)
    assert what.arrangement == arrangement


@pytest.mark.parametrize(
    ("name", "layer", "arrangement"),
    [
        ("cait_xxs24_224", "blocks_token_only.1.norm1", Arrangement(4, 4, "tokens", 1)),
        ("tnt_s_legacy_patch16_224", "blocks.11.norm_out", Arrangement(4, 4, "tokens", 1)),
    ],
)
def test_timms_attention_among_tokens_is_no_place(name: str, layer: str, arrangement: Arrangement) -> None:
    timm = pytest.importorskip("timm")
    where, what = found(timm.create_model(name, img_size=64, num_classes=3), 64)
    assert (where, what.arrangement) == (layer, arrangement)


def test_timms_patches_that_are_averaged() -> None:
    timm = pytest.importorskip("timm")
    where, what = found(timm.create_model("test_vit", num_classes=3, global_pool="avg", fc_norm=False), 160)
    assert where == "norm"
    assert what.arrangement == Arrangement(10, 10, "tokens", 1)


def test_timms_registers() -> None:
    timm = pytest.importorskip("timm")
    _, what = found(timm.create_model("test_vit", num_classes=3, reg_tokens=4), 160)
    assert what.arrangement == Arrangement(10, 10, "tokens", 5)


@pytest.mark.parametrize(
    ("name", "layer", "arrangement"),
    [
        ("resnet18", "layer4", Arrangement(2, 2, "nchw")),
        ("mobilenet_v3_small", "features", Arrangement(2, 2, "nchw")),
        ("squeezenet1_1", "classifier.2", Arrangement(3, 3, "nchw")),
    ],
)
def test_torchvision(name: str, layer: str, arrangement: Arrangement) -> None:
    models = pytest.importorskip("torchvision.models")
    where, what = found(models.get_model(name, weights=None, num_classes=3), 64)
    assert where == layer
    assert what.arrangement == arrangement


def test_a_hierarchy_of_patches_that_are_merged() -> None:
    from transformers import SwinConfig, SwinForImageClassification

    config = SwinConfig(image_size=64, patch_size=4, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=4)
    where, what = found(SwinForImageClassification(config), 64, lambda out: out.logits)
    assert where == "swin.layernorm"
    assert what.arrangement == Arrangement(8, 8, "tokens")


def test_channels_last() -> None:
    timm = pytest.importorskip("timm")
    model = timm.create_model(
        "swin_tiny_patch4_window7_224", img_size=64, window_size=4, embed_dim=8, depths=(1, 1), num_heads=(1, 2),
        num_classes=3,
    )  # fmt: skip
    where, what = found(model, 64)
    assert where == "norm"
    assert what.arrangement == Arrangement(8, 8, "nhwc")
