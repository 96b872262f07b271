"""Grad-CAM (Selvaraju et al. 2017), for convolutional networks and vision transformers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.classifiers.gradients import Gradients
from diffex_cli.core.errors import UsageError
from diffex_cli.heatmaps.layers import Layer, last_layer
from diffex_cli.heatmaps.view import View, view

if TYPE_CHECKING:
    import torch

BATCH = 16


def gradcam(network: Gradients, images: Sequence[Image.Image], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where a weighted sum of the logits comes from, at the last layer that has places (Eq. 1 and 2 of the paper).

    Args:
        images: n pictures of one size.
        weights: of the logits, shape (n, labels); a class's own is a row with a single 1.

    Returns:
        shape (n, height, width), ≥ 0, in no unit; 0 where the network does not look at all.

    Raises:
        UsageError: the network has no layer with places, or its preparation is none that can be undone.
    """
    import torch

    if not images:
        return np.zeros((0, 1, 1))
    size = images[0].size
    seen = view(network.prepare, size)
    layer = last_layer(network, network.prepare([_noise(size)]))
    if layer is None:
        raise UsageError("the classifier has no layer with positions in the picture: use --heatmap occlusion")
    maps = []
    for start in range(0, len(images), BATCH):
        pixels = network.prepare(images[start : start + BATCH])
        wanted = torch.from_numpy(weights[start : start + BATCH]).to(pixels)
        maps.append(placed(class_activation(network, layer, pixels, wanted), seen, size))
    found: NDArray[np.float64] = torch.cat(maps).cpu().numpy()
    return found


def _noise(size: tuple[int, int]) -> Image.Image:
    """A picture that excites something in every layer, always the same: no picture's map depends on its company."""
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


def class_activation(network: Gradients, layer: Layer, pixels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """ReLU of the features, each weighted with the mean of its gradient.

    Args:
        pixels: prepared pictures, shape (n, channels, height, width).
        weights: of the logits, shape (n, labels).

    Returns:
        shape (n, rows, columns).

    Raises:
        UsageError: the layer has not one row a picture.
    """
    import torch

    kept: list[torch.Tensor] = []
    handle = layer.module.register_forward_hook(lambda _, __, output: kept.append(output))
    try:
        # The pictures need gradients themselves, for networks whose weights are frozen.
        score = (network.logits(pixels.detach().requires_grad_()) * weights).sum()
    finally:
        handle.remove()
    if len(kept[0]) != len(pixels):
        raise UsageError(
            "the classifier's last layer with positions has no row for each picture of a batch, so that Grad-CAM "
            "cannot tell them apart: use --heatmap occlusion"
        )
    (gradient,) = torch.autograd.grad(score, kept[0])
    features, slopes = (layer.arrangement.maps(tensor) for tensor in (kept[0].detach(), gradient))
    return torch.relu((slopes.mean(dim=(2, 3), keepdim=True) * features).sum(dim=1))


def placed(grids: torch.Tensor, seen: View, size: tuple[int, int]) -> torch.Tensor:
    """Lay grids over pictures, interpolated bilinearly; float64.

    Args:
        grids: shape (n, rows, columns), spread over the network's input.
        size: width and height of the pictures.

    Returns:
        shape (n, height, width); 0 where the network does not see the picture.
    """
    import torch
    import torch.nn.functional as F

    width, height = size
    x, y = (
        2 * (torch.arange(length, dtype=torch.float64) + 0.5 - first) / (last - first) - 1
        for length, first, last in ((width, seen.left, seen.right), (height, seen.top, seen.bottom))
    )
    inside = (x.abs() <= 1) & (y.abs() <= 1)[:, None]
    where = torch.stack([x.expand(height, width), y[:, None].expand(height, width)], dim=-1)
    spread = F.grid_sample(
        grids.cpu().double()[:, None],
        where.expand(len(grids), -1, -1, -1),
        mode="bilinear",
        padding_mode="border",
        align_corners=False,
    )
    return spread[:, 0] * inside
