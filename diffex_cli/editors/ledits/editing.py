"""The edit loop of LEDITS++: many (image, candidate) rows through one U-Net call.

Source: LEDITS++ §3.2 and its Algorithm; the guidance of several concepts adds up.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal, Protocol

import torch
from torch import Tensor

from diffex_cli.editors.ledits.guidance import attention_mask, guidance_mask
from diffex_cli.editors.ledits.inversion import Inversion
from diffex_cli.editors.ledits.solver import Schedule, predicted_x0, solver_step, step_coefficients

Mask = Literal["both", "attention", "guidance", "none"]

_GUIDANCE_MASK_FROM = 800
"""With both masks, M2 joins M1 at this timestep: earlier guidance is too noisy to be cut by size."""


@dataclasses.dataclass(frozen=True)
class Concept:
    """One term of a row, as numbers.

    Attributes:
        prompt: what the predictor looks up the words' embedding by.
        token_count: the prompt's tokens without start, end and padding.
        guidance: the guidance scale; negative removes.
        threshold: λ in [0, 1]; about 1 − λ of the picture may change.
        warmup: steps before the concept begins to act.
        cooldown: the step at which it stops.
    """

    prompt: str
    token_count: int
    guidance: float
    threshold: float
    warmup: int
    cooldown: int


@dataclasses.dataclass(frozen=True)
class Row:
    """One edit: an inverted image and the concepts to apply to it together."""

    inversion: Inversion
    concepts: tuple[Concept, ...]


class ConceptPredictor(Protocol):
    """The U-Net: one row a (latents, prompt) pair; the prompt ``""`` is the empty one."""

    def __call__(
        self, latents: Tensor, timestep: Tensor, prompts: Sequence[str], attention: bool
    ) -> tuple[Tensor, Tensor | None]:
        """Predict ε.

        Args:
            latents: float32, shape (rows, C, h, w).
            timestep: int64, shape (rows,).
            prompts: one a row.
            attention: whether to return the attention maps at a quarter of the resolution.

        Returns:
            ε, float32, like ``latents``; and the maps, shape (rows, cells, tokens), or ``None``.
        """
        ...


@torch.no_grad()
def edit(schedule: Schedule, rows: Sequence[Row], predict: ConceptPredictor, mask: Mask = "both") -> Tensor:
    """Edit rows of one latent size together.

    Until a row's first concept acts it follows its stored trajectory, which costs nothing; at that
    step the empty prompt's ε is the stored one, too.

    Args:
        schedule: the one that the images were inverted with.
        rows: what to edit; a row without concepts gives back the image.
        predict: the U-Net.
        mask: which masks bound the guidance.

    Returns:
        The edited latents, float32, shape (len(rows), C, h, w).
    """
    starts = [min((concept.warmup for concept in row.concepts), default=schedule.steps) for row in rows]
    x = torch.stack([row.inversion.x[min(start, schedule.steps)] for row, start in zip(rows, starts, strict=True)])
    previous = torch.zeros_like(x)
    for k, (row, start) in enumerate(zip(rows, starts, strict=True)):
        if 0 < start < schedule.steps:
            stored = row.inversion
            previous[k] = predicted_x0(schedule, start - 1, stored.x[start - 1], stored.epsilon[start - 1])
    for step in range(min(starts, default=schedule.steps), schedule.steps):
        active = [k for k, start in enumerate(starts) if start <= step]
        fresh = [k for k in active if starts[k] < step]
        epsilon = _guided_epsilon(schedule, step, rows, active, fresh, x, predict, mask)
        current = predicted_x0(schedule, step, x[active], epsilon)
        noise = torch.stack([rows[k].inversion.z[step] for k in active])
        x[active] = solver_step(step_coefficients(schedule, step), x[active], current, previous[active], noise)
        previous[active] = current
    return x


def _guided_epsilon(
    schedule: Schedule,
    step: int,
    rows: Sequence[Row],
    active: list[int],
    fresh: list[int],
    x: Tensor,
    predict: ConceptPredictor,
    mask: Mask,
) -> Tensor:
    """ε(∅) plus the masked guidance of every concept at work, for the ``active`` rows, in their order."""
    working = [
        (k, concept) for k in active for concept in rows[k].concepts if concept.warmup <= step < concept.cooldown
    ]
    sources = fresh + [k for k, _ in working]
    prompts = [""] * len(fresh) + [concept.prompt for _, concept in working]
    wants_attention = mask in ("both", "attention") and bool(working)
    empty = {k: rows[k].inversion.epsilon[step] for k in active if k not in fresh}
    maps: Tensor | None = None
    if sources:
        timestep = schedule.timesteps[step].to(x.device).expand(len(sources))
        predictions, maps = predict(x[sources], timestep, prompts, wants_attention)
        empty |= dict(zip(fresh, predictions[: len(fresh)], strict=True))
    epsilon = torch.stack([empty[k] for k in active])
    if not working:
        return epsilon
    places = [active.index(k) for k, _ in working]
    concepts = [concept for _, concept in working]
    scale = torch.tensor([concept.guidance for concept in concepts], device=x.device).view(-1, 1, 1, 1)
    guidance = scale * (predictions[len(fresh) :] - epsilon[places])
    bounded = guidance * _mask(schedule, step, concepts, guidance, maps if maps is None else maps[len(fresh) :], mask)
    return epsilon.index_add(0, torch.tensor(places, device=x.device), bounded)


def _mask(
    schedule: Schedule, step: int, concepts: Sequence[Concept], guidance: Tensor, maps: Tensor | None, mask: Mask
) -> Tensor:
    """The product of the masks asked for, shape (rows, 1, h, w)."""
    threshold = torch.tensor([concept.threshold for concept in concepts], device=guidance.device)
    result = torch.ones_like(guidance[:, :1])
    if mask in ("both", "attention") and maps is not None:
        counts = torch.tensor([concept.token_count for concept in concepts], device=guidance.device)
        result = result * attention_mask(maps, counts, threshold, (guidance.shape[-2], guidance.shape[-1]))
    if mask == "guidance" or (mask == "both" and int(schedule.timesteps[step]) <= _GUIDANCE_MASK_FROM):
        result = result * guidance_mask(guidance, threshold)
    return result
