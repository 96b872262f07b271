"""Numbers that are not finite are failures, wherever they come from; real networks whose weights overflow."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from benchmarks.tiny import tiny_sd
from diffex_cli.classifiers.gradients import Gradients
from diffex_cli.classifiers.opened import OpenedClassifier
from diffex_cli.classifiers.perception import PACKAGED, Perception
from diffex_cli.core import registry
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Term
from diffex_cli.editors.base import EditRequest
from diffex_cli.heatmaps.heatmap import heat
from diffex_cli.language_models.base import Prices, Usage
from diffex_cli.language_models.costs import Ledger, OverBudget

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
RED = Candidate((Term("head/red", "red head"),))


def overflows(layer: Any) -> None:
    """What comes out is infinite, of both signs."""
    with torch.no_grad():
        layer.weight *= 1e38
        layer.weight[0].abs_()


PARTS: dict[str, Callable[[Any], Any]] = {
    "the decoder's last layer": lambda pipeline: pipeline.vae.decoder.conv_out,
    "the decoder": lambda pipeline: pipeline.vae.decoder.conv_in,
    "the U-Net": lambda pipeline: pipeline.unet.conv_out,
    "the words": lambda pipeline: pipeline.text_encoder.final_layer_norm,
}


@pytest.mark.parametrize("part", PARTS)
def test_an_overflowing_model_makes_no_edit(part: str, tmp_path: Path) -> None:
    pipeline = tiny_sd()
    overflows(PARTS[part](pipeline))
    pipeline.save_pretrained(tmp_path / "model")
    requests = [EditRequest("edit", "image", RED)]
    if part.startswith("the decoder"):
        requests.append(EditRequest("base", "image", RECONSTRUCTION))
    for name in ("ledits", "inpaint"):
        spec = registry.parse_spec(f"{name}:{tmp_path / 'model'}:steps=3")
        editor = registry.find(registry.EDITORS, name)(spec, device="cpu")
        for result in editor.edit({"image": PICTURE}, requests, 0):
            assert (result.status, result.image) == ("failed", None), (name, result.key)
            assert "not finite" in result.reason, (name, result.key)


class Loud:
    """A classifier whose network overflows on the way to its logits, or on the way back."""

    fingerprint = "loud"
    settings: dict[str, object] = {}  # noqa: RUF012
    labels = ("one", "other")

    def __init__(self, back: bool) -> None:
        torch.manual_seed(0)
        self.network = torch.nn.Sequential(
            torch.nn.Conv2d(3, 4, 5, stride=4), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
            torch.nn.Linear(4, 2),
        ).eval()  # fmt: skip
        self.scale = 1.0
        with torch.no_grad():
            if back:
                self.network[0].weight *= 1e36
            else:
                self.network[0].weight *= 1e38
                self.network[4].weight *= 1e20

    def logits(self, images: Sequence[Image.Image]) -> Any:
        return self.network(self.prepared(images)).detach()

    def prepared(self, images: Sequence[Image.Image]) -> torch.Tensor:
        return torch.stack([torch.from_numpy(np.array(image)).permute(2, 0, 1).float() for image in images])

    def gradients(self) -> Gradients:
        return Gradients(self.network, self.prepared, self.network)


@pytest.mark.parametrize("kind", ["gradcam", "occlusion"])
def test_an_overflowing_network_has_no_heat_map(kind: Any) -> None:
    classifier = OpenedClassifier(Loud(back=False), "loud")
    with pytest.raises(DiffexError, match=r"the classifier loud gave .* not finite for 1 of 1 images"):
        heat(kind, classifier, [PICTURE], np.array([[1.0, 0.0]]))


def test_an_overflowing_network_measures_no_distance(tmp_path: Path) -> None:
    shutil.copytree(PACKAGED["birds"], tmp_path / "probe")
    (weights,) = (tmp_path / "probe").glob("*.safetensors")
    tensors = load_file(weights)
    name = next(name for name, tensor in tensors.items() if name.endswith("weight") and tensor.ndim == 4)
    save_file({**tensors, name: tensors[name] * 1e38}, weights, metadata={"format": "pt"})
    with pytest.raises(UsageError, match="numbers that are not finite: give another --perceptual"):
        Perception(str(tmp_path / "probe"), "cpu").load()


def test_a_price_that_is_not_a_number_pays_for_nothing() -> None:
    nan = float("nan")
    with pytest.raises(OverBudget):
        Ledger(1.0).reserve(Prices(nan, nan, nan), Usage(1, 1), 1)
