"""The members of the panel behind the classifiers' seam."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.keys import digest, image_key
from diffex_cli.birds.attributes import ATTRIBUTES
from diffex_cli.birds.panel.formulas import Formula, Has
from diffex_cli.birds.panel.members import PANEL, PREFIX, Member, Noise
from diffex_cli.birds.probe import attribute_columns
from diffex_cli.classifiers.backends.transformers import TransformersClassifier
from diffex_cli.classifiers.base import Classifier
from diffex_cli.classifiers.gradients import GradientClassifier, Gradients
from diffex_cli.core.domains import packaged
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec, did_you_mean

if TYPE_CHECKING:
    import torch

MODELS = packaged("panel")
"""Where the members that are networks are installed."""
PROBE = packaged("probe")

_NOISE_VERSION = 1


class FormulaClassifier:
    """A formula of what the probe reads; the classes are ``no``, whose logit is 0, and ``yes``."""

    labels = ("no", "yes")

    def __init__(self, name: str, formula: Formula, probe: Classifier) -> None:
        self._name, self._formula, self._probe = name, formula, probe

    @property
    def settings(self) -> Mapping[str, object]:
        return {"backend": "formula", "model": self._name, "formula": str(self._formula), "probe": self._probe.settings}

    @property
    def fingerprint(self) -> str:
        return digest({"formula": str(self._formula), "probe": self._probe.fingerprint})

    def logits(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        return formula_logits(self._formula, self._probe.logits(images))

    def gradients(self) -> Gradients | None:
        """The probe's network with the formula on top; ``None`` if the probe's gradients cannot be reached."""
        inside = self._probe.gradients() if isinstance(self._probe, GradientClassifier) else None
        if inside is None:
            return None
        return dataclasses.replace(inside, logits=lambda pixels: _formula_graph(self._formula, inside.logits(pixels)))


def formula_logits(formula: Formula, probe_logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logits of ``no`` and ``yes``, shape (n_images, 2), from the probe's, shape (n_images, its labels)."""
    attributes = list(ATTRIBUTES)
    columns = attribute_columns()

    def probability(one: Has) -> NDArray[np.float64]:
        logits = probe_logits[:, columns[attributes.index(one.attribute)]]
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        places = [ATTRIBUTES[one.attribute].index(value) for value in one.values]
        share: NDArray[np.float64] = exponentials[:, places].sum(axis=1) / exponentials.sum(axis=1)
        return share

    yes = np.zeros(len(probe_logits)) + formula.logit(probability)
    return np.stack([np.zeros_like(yes), yes], axis=1)


def _formula_graph(formula: Formula, probe_logits: torch.Tensor) -> torch.Tensor:
    """:func:`formula_logits` with its graph."""
    columns = dict(zip(ATTRIBUTES, attribute_columns(), strict=True))

    def probability(one: Has) -> torch.Tensor:
        shares = probe_logits[:, columns[one.attribute]].softmax(dim=1)
        return shares[:, [ATTRIBUTES[one.attribute].index(value) for value in one.values]].sum(dim=1)

    yes: torch.Tensor = formula.logit(probability)
    return yes[:, None] * yes.new_tensor([0.0, 1.0])


class NoiseClassifier:
    """Logits of the species that are normal noise, fixed by the pixels."""

    def __init__(self, member: Member, noise: Noise) -> None:
        self._noise, self.labels = noise, member.labels
        self.settings: Mapping[str, object] = {
            "backend": "noise",
            "version": _NOISE_VERSION,
            "seed": noise.seed,
            "scale": float(noise.scale),
        }
        self.fingerprint = digest(self.settings)

    def logits(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        rows = np.zeros((len(images), len(self.labels)))
        for row, image in zip(rows, images, strict=True):
            seed = hashlib.sha256(f"{self._noise.seed}\n{image_key(image)}".encode()).digest()
            row += self._noise.scale * np.random.default_rng(list(seed)).normal(size=len(row))
        return rows


def open_member(spec: Spec, device: str = "auto", models: Path | None = None) -> Classifier:
    name = spec.model.removeprefix(PREFIX)
    if name not in PANEL:
        raise UsageError(f"{spec.text!r}: there is no {name!r} on the panel{did_you_mean(name, tuple(PANEL))}")
    member = PANEL[name]
    if isinstance(member.source, Formula):
        return FormulaClassifier(name, member.source, _network(spec, PROBE, device))
    if isinstance(member.source, Noise):
        if spec.options:
            raise UsageError(f"{spec.text!r}: a member without a network has no options: remove them")
        return NoiseClassifier(member, member.source)
    folder = (models or MODELS) / name
    if not folder.is_dir():
        raise UsageError(f"{spec.text!r}: the model is not installed ({folder} is missing): run `make train-panel`")
    return _network(spec, folder, device)


def _network(spec: Spec, folder: Path, device: str) -> TransformersClassifier:
    return TransformersClassifier(dataclasses.replace(spec, model=str(folder)), device=device)
