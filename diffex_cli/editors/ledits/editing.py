"""The edit loop of LEDITS++: many (image, candidate) rows through one U-Net call.

Source: LEDITS++ §3.2 and its Algorithm; the guidance of several concepts adds up.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from diffex_cli.editors.ledits.guidance import attention_mask, guidance_mask
from diffex_cli.editors.ledits.inversion import Inversion
from diffex_cli.editors.ledits.masking import Mask as Mask
from diffex_cli.editors.ledits.masking import Masking as Masking
from diffex_cli.editors.ledits.solver import Schedule, predicted_x0, solver_step, step_coefficients


@dataclasses.dataclass(frozen=True)
class Concept:
    """One term of a row, as numbers.

    Attributes:
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

    def working(self, step: int) -> tuple[Concept, ...]:
        return tuple(concept for concept in self.concepts if concept.warmup <= step < concept.cooldown)


def cancels_empty(concepts: Sequence[Concept], masking: Masking) -> bool:
    """Whether ε(∅) has no part in the guided ε, and need not be predicted. Without masks that is ε(∅) + Σ s·(ε(c) −
    ε(∅)) = (1 − Σ s)·ε(∅) + Σ s·ε(c)."""
    return masking.kind == "none" and math.fsum(concept.guidance for concept in concepts) == 1.0


@dataclasses.dataclass(frozen=True)
class Edited:
    """The rows' outcome. ``latents``: float32, shape (rows, C, h, w). ``masks``: the mean over a row's working steps of
    the union of its concepts' masks, float32 in [0, 1], shape (rows, 1, h, w); 0 for a row that no concept worked on.
    """

    latents: Tensor
    masks: Tensor


class ConceptPredictor(Protocol):
    """The U-Net: one row a (latents, prompt) pair; the prompt ``""`` is the empty one."""

    def __call__(
        self, latents: Tensor, timestep: Tensor, prompts: Sequence[str], attention_divisor: int
    ) -> tuple[Tensor, Tensor | None]:
        """Predict ε.

        Args:
            latents: float32, shape (rows, C, h, w).
            timestep: int64, shape (rows,).
            prompts: one a row.
            attention_divisor: return the attention maps at 1/divisor of the latents' side; 0 for none.

        Returns:
            ε, float32, like ``latents``; and the maps, shape (rows, cells, tokens), or ``None``.
        """
        ...


@torch.no_grad()
def edit(
    schedule: Schedule,
    rows: Sequence[Row],
    predict: ConceptPredictor,
    masking: Masking | None = None,
    zero_noise: int = 0,
    on_step: Callable[[float], None] | None = None,
) -> Edited:
    """Edit rows of one latent size together.

    Until a row's first concept acts it follows its stored trajectory, which costs nothing; at that step the empty
    prompt's ε is the stored one, too. Where it cancels it is never predicted.

    Args:
        rows: what to edit; a row without concepts gives back the image.
        masking: which masks bound the guidance; M1 ∩ M2 if not given.
        zero_noise: so many last noise maps are left out, as the stock SDXL pipeline does against grain that the edit no
            longer explains. A row without concepts walks these steps, too, so that it stays the others' baseline.
        on_step: hears after each step how many edits it was worth; all steps are worth as many as there are.
    """
    masking = masking or Masking()
    last = schedule.steps - zero_noise
    starts = [min((concept.warmup for concept in row.concepts), default=last) for row in rows]
    starts = [min(start, last) for start in starts]
    x = torch.stack([row.inversion.x[start] for row, start in zip(rows, starts, strict=True)])
    previous = torch.zeros_like(x)
    for k, (row, start) in enumerate(zip(rows, starts, strict=True)):
        if 0 < start < schedule.steps:
            stored = row.inversion
            previous[k] = predicted_x0(schedule, start - 1, stored.x[start - 1], stored.epsilon[start - 1])
    guidance = _Guidance(schedule, rows, predict, masking, torch.zeros_like(x[:, :1]))
    for step in range(min(starts, default=schedule.steps), schedule.steps):
        active = [k for k, start in enumerate(starts) if start <= step]
        fresh = [k for k in active if starts[k] < step and not cancels_empty(rows[k].working(step), masking)]
        epsilon = guidance.epsilon(step, active, fresh, x)
        current = predicted_x0(schedule, step, x[active], epsilon)
        noise = torch.stack([rows[k].inversion.z[step] for k in active])
        if step >= last:
            noise = torch.zeros_like(noise)
        x[active] = solver_step(step_coefficients(schedule, step), x[active], current, previous[active], noise)
        previous[active] = current
        if on_step is not None:
            on_step(math.fsum(1 / (schedule.steps - starts[k]) for k in active if rows[k].concepts))
    return Edited(x, guidance.mean_masks())


class _Guidance:
    """The guided ε of some rows, and where and for how many steps the guidance was allowed to act."""

    def __init__(
        self, schedule: Schedule, rows: Sequence[Row], predict: ConceptPredictor, masking: Masking, nowhere: Tensor
    ) -> None:
        self._schedule, self._rows, self._predict, self._masking = schedule, rows, predict, masking
        self._mask_sum, self._steps = nowhere, [0] * len(rows)

    def epsilon(self, step: int, active: list[int], fresh: list[int], x: Tensor) -> Tensor:
        """ε(∅) plus the masked guidance of every concept at work, for the ``active`` rows, in their order; ε(∅) is
        predicted for the ``fresh`` ones."""
        rows, masking = self._rows, self._masking
        working = [(k, concept) for k in active for concept in rows[k].working(step)]
        sources = fresh + [k for k, _ in working]
        prompts = [""] * len(fresh) + [concept.prompt for _, concept in working]
        wants_attention = masking.kind in ("both", "attention") and bool(working)
        # where ε(∅) cancels anything will do for it; the stored one is at hand
        empty = {k: rows[k].inversion.epsilon[step] for k in active if k not in fresh}
        maps: Tensor | None = None
        if sources:
            timestep = self._schedule.timesteps[step].to(x.device).expand(len(sources))
            divisor = masking.divisor if wants_attention else 0
            predictions, maps = self._predict(x[sources], timestep, prompts, divisor)
            empty |= dict(zip(fresh, predictions[: len(fresh)], strict=True))
        epsilon = torch.stack([empty[k] for k in active])
        if not working:
            return epsilon
        places = [active.index(k) for k, _ in working]
        concepts = [concept for _, concept in working]
        scale = torch.tensor([concept.guidance for concept in concepts], device=x.device).view(-1, 1, 1, 1)
        guidance = scale * (predictions[len(fresh) :] - epsilon[places])
        masks = self._masks(step, concepts, guidance, maps if maps is None else maps[len(fresh) :])
        self._remember([k for k, _ in working], masks)
        return epsilon.index_add(0, torch.tensor(places, device=x.device), guidance * masks)

    def _masks(self, step: int, concepts: Sequence[Concept], guidance: Tensor, maps: Tensor | None) -> Tensor:
        """The product of the masks asked for, shape (concepts, 1, h, w)."""
        masking = self._masking
        threshold = torch.tensor([concept.threshold for concept in concepts], device=guidance.device)
        result = torch.ones_like(guidance[:, :1])
        if maps is not None:
            counts = torch.tensor([concept.token_count for concept in concepts], device=guidance.device)
            size = (guidance.shape[-2], guidance.shape[-1])
            result = result * attention_mask(maps, counts, threshold, size, masking.divisor)
        joint = masking.kind == "both" and int(self._schedule.timesteps[step]) <= masking.joint_from
        if masking.kind == "guidance" or joint:
            result = result * guidance_mask(guidance, threshold)
        return result

    def _remember(self, rows: Sequence[int], masks: Tensor) -> None:
        """Add one step's masks, shape (concepts, 1, h, w); ``rows`` says whose each is."""
        places = torch.tensor(rows, device=masks.device)
        self._mask_sum += torch.zeros_like(self._mask_sum).index_add(0, places, masks).clamp(max=1)
        for row in set(rows):
            self._steps[row] += 1

    def mean_masks(self) -> Tensor:
        """See :attr:`Edited.masks`."""
        steps = torch.tensor(self._steps, dtype=self._mask_sum.dtype, device=self._mask_sum.device)
        return self._mask_sum / steps.clamp(min=1).view(-1, 1, 1, 1)
