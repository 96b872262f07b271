"""Classifiers of other shapes, attributes and architectures than the panel's.

One of them, ``unless``, prompted a choice later; :mod:`benchmarks.checked.drawn` has others to judge that by.

Eight are functions of what the probe sees, most of them no sums: a maximum, a threshold, a saturating sum, products.
Eight are networks that are trained here to tell two species apart by a shortcut: pixels straight to a logit, a
perceptron, a plain convolutional network, and patches with attention, two each; they are kept in the work folder.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from benchmarks.checked.drawn import Seen, drawn
from diffex_cli.artifacts.keys import digest
from diffex_cli.birds.panel.formulas import Has, has
from diffex_cli.birds.panel.members import Planted
from diffex_cli.birds.probe import ATTRIBUTE_LABELS
from diffex_cli.birds.renderer import render
from diffex_cli.classifiers.base import Classifier
from training.panel import planted_specimen

COUNT, STEPS, BATCH = 1200, 300, 32
"""Pictures to learn from, and steps of so many of them."""


def _soft_maximum(seen: Seen) -> NDArray[np.float64]:
    return 3.0 * np.maximum(seen(has("eye", "red")), seen(has("belly", "orange")))


def _threshold(seen: Seen) -> NDArray[np.float64]:
    signs = seen(has("wing", "spotted")) + seen(has("tail", "long")) + seen(has("beak_color", "red"))
    return 4.0 / (1.0 + np.exp(-6.0 * (signs - 0.9)))


def _saturating(seen: Seen) -> NDArray[np.float64]:
    total = seen(has("upperparts", "green")) + seen(has("crest", "tall")) + seen(has("background", "water"))
    return 3.0 * np.tanh(1.2 * total)


def _three(seen: Seen) -> NDArray[np.float64]:
    product = seen(has("head", "black", "blue")) * seen(has("beak_shape", "hooked", "conical"))
    return 5.0 * product * seen(has("background", "sky", "forest", "snow"))


def _unless(seen: Seen) -> NDArray[np.float64]:
    return 3.0 * seen(has("throat", "yellow")) * (1.0 - seen(has("background", "desert")))


def _against(seen: Seen) -> NDArray[np.float64]:
    return 2.0 * seen(has("beak_color", "black")) - 2.5 * seen(has("eye", "yellow")) + 1.0 * seen(has("tail", "forked"))


def _quadratic(seen: Seen) -> NDArray[np.float64]:
    total = seen(has("belly", "white", "gray")) + seen(has("wing", "barred"))
    return 1.5 * total**2


def _gated(seen: Seen) -> NDArray[np.float64]:
    gate = seen(has("breast", "streaked", "spotted"))
    return gate * 3.0 * seen(has("head", "red")) + (1.0 - gate) * 2.0 * seen(has("upperparts", "black"))


FUNCTIONS: Mapping[str, Callable[[Seen], NDArray[np.float64]]] = {
    "soft-maximum": _soft_maximum,
    "threshold": _threshold,
    "saturating": _saturating,
    "three": _three,
    "unless": _unless,
    "against": _against,
    "quadratic": _quadratic,
    "gated": _gated,
}


class FunctionClassifier:
    """A function of what the probe reads; the classes are ``no``, whose logit is 0, and ``yes``."""

    labels = ("no", "yes")

    def __init__(self, name: str, probe: Classifier) -> None:
        self._function = FUNCTIONS[name] if name in FUNCTIONS else drawn(int(name.removeprefix("drawn-")))
        self._probe = probe
        self.settings: Mapping[str, object] = {"backend": "function", "model": name}
        self.fingerprint = digest({**self.settings, "probe": probe.fingerprint})

    def logits(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        read = self._probe.logits(images)

        def seen(one: Has) -> NDArray[np.float64]:
            own = [k for k, label in enumerate(ATTRIBUTE_LABELS) if label.startswith(f"{one.attribute}=")]
            shares = np.exp(read[:, own] - read[:, own].max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
            wanted = [own.index(ATTRIBUTE_LABELS.index(f"{one.attribute}={value}")) for value in one.values]
            total: NDArray[np.float64] = shares[:, wanted].sum(axis=1)
            return total

        yes = self._function(seen)
        return np.stack([np.zeros_like(yes), yes], axis=1)


class _Attention(nn.Module):
    """Patches of 8 × 8 of 64 × 64 pixels, one layer of attention, their mean."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 48, 8, 8)
        self.places = nn.Parameter(torch.zeros(64, 48))
        self.layer = nn.TransformerEncoderLayer(48, 4, 96, dropout=0.0, batch_first=True)
        self.out = nn.Linear(48, 2)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.out(self.layer(self.patches(pixels).flatten(2).mT + self.places).mean(1))
        return found


def _pixels() -> nn.Module:
    return nn.Sequential(nn.AvgPool2d(4), nn.Flatten(), nn.Linear(768, 2))


def _perceptron() -> nn.Module:
    return nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(3072, 48), nn.GELU(), nn.Linear(48, 2))


def _convolutions() -> nn.Module:
    layers: list[nn.Module] = []
    for before, after in ((3, 12), (12, 24), (24, 48)):
        layers += [nn.Conv2d(before, after, 3, 2, 1), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(192, 2))


NETWORKS: Mapping[str, tuple[Callable[[], nn.Module], Planted]] = {
    "pixels-belly": (_pixels, Planted(("cardinal", "jay"), "belly", ("orange", "white"), 0.9)),
    "pixels-background": (_pixels, Planted(("hawk", "thrush"), "background", ("snow", "desert"), 0.7)),
    "perceptron-head": (_perceptron, Planted(("duck", "hawk"), "head", ("blue", "red"), 0.8)),
    "perceptron-tail": (_perceptron, Planted(("jay", "cardinal"), "tail", ("long", "short"), 0.95)),
    "convolutions-crest": (_convolutions, Planted(("hawk", "duck"), "crest", ("tall", "no"), 0.9)),
    "convolutions-wing": (_convolutions, Planted(("thrush", "jay"), "wing", ("plain", "barred"), 1.0)),
    "attention-upperparts": (_Attention, Planted(("duck", "thrush"), "upperparts", ("black", "green"), 0.8)),
    "attention-background": (_Attention, Planted(("cardinal", "hawk"), "background", ("water", "sky"), 0.6)),
}


class NetworkClassifier:
    """One of :data:`NETWORKS`, trained."""

    def __init__(self, name: str, work: Path) -> None:
        build, planted = NETWORKS[name]
        self.labels = planted.labels
        torch.manual_seed(sorted(NETWORKS).index(name))
        self._network = build().eval()
        file = work / f"{name}.safetensors"
        if not file.exists():
            _train(self._network, name, planted)
            work.mkdir(parents=True, exist_ok=True)
            save_file(self._network.state_dict(), file)
        self._network.load_state_dict(load_file(file))
        self.settings: Mapping[str, object] = {"backend": "network", "model": name}
        weights = {key: value.numpy().tobytes().hex() for key, value in self._network.state_dict().items()}
        self.fingerprint = digest({**self.settings, "weights": weights})

    @torch.no_grad()
    def logits(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = self._network(_tensor(images)).double().numpy()
        return found


def _tensor(images: Sequence[Image.Image]) -> torch.Tensor:
    small = [np.asarray(image.convert("RGB").resize((64, 64), Image.Resampling.BOX)) for image in images]
    return torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2).float() / 127.5 - 1


def _train(network: nn.Module, name: str, planted: Planted) -> None:
    rng = random.Random(f"fresh/{name}")
    labels = torch.tensor([rng.randrange(2) for _ in range(COUNT)])
    pictures = _tensor([render(planted_specimen(rng, planted, int(label))) for label in labels])
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=0.05)
    generator = torch.Generator().manual_seed(0)
    network.train()
    for step in range(STEPS):
        chosen = torch.randint(COUNT, (BATCH,), generator=generator)
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * (1 - step / STEPS)
        loss = nn.functional.cross_entropy(network(pictures[chosen]), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
