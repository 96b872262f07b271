"""Grad-CAM (Selvaraju et al. 2017) of the panel's networks, and the pixels that an attribute can change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from diffex_cli.birds import samples
from diffex_cli.birds.attributes import ATTRIBUTES
from diffex_cli.birds.panel.classifiers import MODELS, PROBE
from diffex_cli.birds.panel.formulas import Formula, Has
from diffex_cli.birds.panel.members import Member
from diffex_cli.birds.probe import attribute_columns
from diffex_cli.birds.renderer import SIZE, render

if TYPE_CHECKING:
    import torch

_CHANGED = 8
"""Of 255, in one channel: less is antialiasing that nobody sees."""


def regions(images: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """For every attribute the pixels that differ between any two of its values, shape (n_images, height, width).

    Args:
        images: keys of sample images.
    """
    found: dict[str, list[NDArray[np.bool_]]] = {attribute: [] for attribute in ATTRIBUTES}
    for image in images:
        bird = samples.records()[image]
        for attribute, values in ATTRIBUTES.items():
            drawn = np.stack([np.asarray(render(bird.with_values(**{attribute: value})), np.int16) for value in values])
            found[attribute].append((np.ptp(drawn, axis=0) > _CHANGED).any(axis=-1))
    return {attribute: np.stack(rows) for attribute, rows in found.items()}


def heat(member: Member, images: Sequence[str], models: Path | None = None) -> NDArray[np.float64]:
    """Where the network looks for the target's logit, at the last convolution.

    Args:
        member: whose; a formula is a function of the probe's logits, and its gradient goes through it.

    Returns:
        shape (n_images, height, width), ≥ 0, each image's adding up to 1; zeros where nothing raises the
        logit, and for a member that is no network.
    """
    import torch
    import torch.nn.functional as F

    shape = (len(images), SIZE, SIZE)
    if not isinstance(member.source, Formula) and not member.has_weights:
        return np.zeros(shape)
    network = _network(PROBE if isinstance(member.source, Formula) else (models or MODELS) / member.name)
    kept: list[torch.Tensor] = []
    hook = network.efficientnet.encoder.register_forward_hook(lambda _, __, output: kept.append(_features(output)))
    pixels = np.stack([np.asarray(samples.pictures()[image], np.float32) for image in images]).transpose(0, 3, 1, 2)
    maps = []
    try:
        for few in torch.from_numpy(pixels / 127.5 - 1).split(16):
            kept.clear()
            logit = _logit(member, network(few).logits)
            (gradient,) = torch.autograd.grad(logit.sum(), kept[0])
            weights = gradient.mean(dim=(2, 3), keepdim=True)
            warm = F.relu((weights * kept[0]).sum(dim=1, keepdim=True)).detach()
            maps.append(F.interpolate(warm, (SIZE, SIZE), mode="bilinear", align_corners=False)[:, 0])
    finally:
        hook.remove()
    found: NDArray[np.float64] = torch.cat(maps).double().numpy()
    total = found.sum(axis=(1, 2), keepdims=True)
    return found / np.where(total > 0, total, 1.0)


def _features(output: Any) -> torch.Tensor:
    features: torch.Tensor = output.last_hidden_state if hasattr(output, "last_hidden_state") else output[0]
    return features


def _logit(member: Member, logits: torch.Tensor) -> torch.Tensor:
    """The target's, shape (rows,)."""
    if not isinstance(member.source, Formula):
        return logits[:, member.labels.index(member.target)]
    columns: Mapping[str, slice] = dict(zip(ATTRIBUTES, attribute_columns(), strict=True))

    def probability(one: Has) -> torch.Tensor:
        shares = logits[:, columns[one.attribute]].softmax(dim=1)
        return shares[:, [ATTRIBUTES[one.attribute].index(value) for value in one.values]].sum(dim=1)

    logit: torch.Tensor = member.source.logit(probability)
    return logit


def _network(folder: Path) -> Any:
    import torch
    from transformers import EfficientNetForImageClassification

    from diffex_cli.core.machine import quiet_transformers

    with quiet_transformers():
        network = EfficientNetForImageClassification.from_pretrained(folder, dtype=torch.float32)
    return network.eval()
