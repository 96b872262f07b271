"""Where a concept's guidance may act: the masks M1 and M2 of LEDITS++ (§3.2, Eq. 7–9)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def _gaussian_kernel() -> Tensor:
    """The stock pipelines' 3×3 blur (σ = 0.5 in their convention), shape (1, 1, 3, 3)."""
    axis = torch.exp(-((torch.arange(3.0) - 1) ** 2) / (4 * 0.5**2))
    kernel = axis[:, None] * axis[None, :]
    return (kernel / kernel.sum())[None, None]


MASK_NOT_FINITE = (
    "the mask of where the edit may act is not finite: give dtype=bfloat16 or dtype=float32, or a smaller guidance"
)
"""Why an edit fails. A mask of zeros instead would pass for an edit without effect."""


def top_share(scores: Tensor, threshold: Tensor) -> Tensor:
    """1.0 where a row's score reaches the row's quantile ``threshold``, else 0.0; NaN all over a row whose scores are
    not finite. ``scores``: float32, shape (rows, h, w). ``threshold``: λ in [0, 1], shape (rows,); the mask keeps about
    a 1 − λ share of the cells."""
    flat = scores.flatten(1)
    ordered = flat.sort(dim=1).values
    position = threshold.clamp(0, 1) * (flat.shape[1] - 1)
    low = position.floor().long()[:, None]
    high = position.ceil().long()[:, None]
    fraction = (position - position.floor())[:, None]
    quantile = torch.lerp(ordered.gather(1, low), ordered.gather(1, high), fraction)
    kept = (flat >= quantile).to(scores.dtype)
    return kept.masked_fill(~flat.isfinite().all(1, keepdim=True), torch.nan).view_as(scores)


def attention_mask(
    attention: Tensor, token_counts: Tensor, threshold: Tensor, size: tuple[int, int], divisor: int = 4
) -> Tensor:
    """M1: where the concept's words look.

    Args:
        attention: mean over heads and layers, float32, shape (rows, cells, tokens).
        token_counts: int64, shape (rows,), the concept's tokens without start, end and padding.
        threshold: λ, shape (rows,).
        size: the latents' (h, w).
        divisor: the maps have ``h // divisor`` rows of cells; 4 as published.

    Returns:
        0/1, shape (rows, 1, h, w); NaN in a row whose attention is not finite.
    """
    tokens = torch.arange(attention.shape[-1], device=attention.device)[None]
    own = (tokens >= 1) & (tokens <= token_counts[:, None])
    scores = (attention * own[:, None, :]).sum(-1)
    height = size[0] // divisor
    maps = scores.view(-1, 1, height, scores.shape[1] // height)
    padding = "reflect" if min(maps.shape[-2:]) > 1 else "replicate"  # a single row has nothing to reflect
    blurred = F.conv2d(F.pad(maps, (1, 1, 1, 1), mode=padding), _gaussian_kernel().to(maps))
    return F.interpolate(top_share(blurred[:, 0], threshold)[:, None], size)


def guidance_mask(guidance: Tensor, threshold: Tensor) -> Tensor:
    """M2: where the concept's guidance, shape (rows, C, h, w), is strongest: 0/1, shape (rows, 1, h, w)."""
    return top_share(guidance.abs().sum(1), threshold)[:, None]
