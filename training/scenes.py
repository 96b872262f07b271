"""The rehearsal's edits on their way: random birds, the wishes, and how far each has come.

A scene walks the solver's steps as ``ledits:birds`` does, in differences: an inversion's noise maps give back whatever
the answers on the empty prompt say, so only what the words change of an answer changes the picture.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from diffusers import AutoencoderKL
from torch import Tensor

from diffex_cli.editors.ledits.options import BIRDS_DEFAULTS
from diffex_cli.editors.ledits.solver import Schedule, leading_schedule, solver_step, step_coefficients
from training.diffusion import new_scheduler
from training.twins import encode, render_families
from training.wishes import draw_wishes

SCENES = 7
"""Edited side by side, each at another step of its schedule."""


@dataclasses.dataclass
class Scene:
    """One bird on the way to what :data:`ROWS` wishes make of it.

    Attributes:
        words: one a wish.
        source: the bird's latents, shape (4, 32, 32).
        wanted: the exact changes of the latents, shape (ROWS, 4, 32, 32).
        noise: shape (steps, 4, 32, 32); an edit-friendly inversion noises the picture anew at each step.
        changes: what the edits have changed of the noisy latents so far, like ``wanted``.
        before: how the words changed the prediction of x₀ at the step before, like ``wanted``.
    """

    number: int
    words: Sequence[str]
    schedule: Schedule
    source: Tensor
    wanted: Tensor
    noise: Tensor
    step: int
    changes: Tensor
    before: Tensor

    def noisy(self) -> Tensor:
        """The bird's latents at this step, and those of the edits: shape (1 + ROWS, 4, 32, 32)."""
        plain = self.schedule.alphas[self.step] * self.source + self.schedule.sigmas[self.step] * self.noise[self.step]
        return torch.cat([plain[None], plain + self.changes])

    def next_changes(self, answer: Tensor) -> Tensor:
        """The changes at the next step. The solver is linear and the noise maps are the same for both, so the
        difference of two trajectories walks by itself."""
        coefficients = step_coefficients(self.schedule, self.step)
        return solver_step(coefficients, self.changes, answer, self.before, torch.zeros_like(answer))

    def advance(self, answer: Tensor) -> None:
        """Take a step."""
        self.changes, self.before = self.next_changes(answer).detach(), answer.detach()
        self.step += 1

    @property
    def left(self) -> int:
        return self.schedule.steps - self.step


def new_scene(vae: AutoencoderKL, number: int, seed: int) -> Scene:
    """The scene of a number, at its first step. Most have the shipped editor's schedule, some another."""
    rng = random.Random(f"rehearsal {seed}/{number}")
    bird, wishes = draw_wishes(rng)
    birds = [bird, *(wish.target for wish in wishes)]
    latents = encode(vae, torch.from_numpy(render_families([birds])))
    steps, start = BIRDS_DEFAULTS.steps, BIRDS_DEFAULTS.start
    if rng.random() < 0.15:
        steps, start = rng.choice((6, 10, 16)), rng.randrange(620, 740)
    schedule = leading_schedule(new_scheduler().alphas_cumprod, steps, start)
    noise = torch.randn(steps, 4, 32, 32, generator=torch.Generator().manual_seed(rng.randrange(2**62)))
    wanted = latents[1:] - latents[:1]
    nothing = torch.zeros_like(wanted)
    return Scene(number, [wish.words for wish in wishes], schedule, latents[0], wanted, noise, 0, nothing, nothing)


class Stage:
    """The scenes that are being edited; its ``state_dict`` lets an interrupted training go on with them."""

    def __init__(self, vae: AutoencoderKL, seed: int) -> None:
        self._vae, self._seed = vae, seed
        self.scenes = [new_scene(vae, number, seed) for number in range(SCENES)]
        self._next = SCENES
        for place, scene in enumerate(self.scenes):  # so that they are at different steps: as far as all went well
            scene.step = place * (scene.schedule.steps - 1) // SCENES
            share = scene.step / scene.schedule.steps
            scene.before, scene.changes = scene.wanted, share * scene.schedule.alphas[scene.step] * scene.wanted

    def clear(self) -> None:
        """Put new scenes in the place of the finished ones."""
        for place, scene in enumerate(self.scenes):
            if scene.left == 0:
                self.scenes[place] = new_scene(self._vae, self._next, self._seed)
                self._next += 1

    def state_dict(self) -> dict[str, Any]:
        return {
            "next": self._next,
            "numbers": [scene.number for scene in self.scenes],
            "steps": [scene.step for scene in self.scenes],
            "changes": torch.stack([scene.changes for scene in self.scenes]),
            "before": torch.stack([scene.before for scene in self.scenes]),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._next = state["next"]
        self.scenes = [new_scene(self._vae, number, self._seed) for number in state["numbers"]]
        for k, scene in enumerate(self.scenes):
            scene.step, scene.changes, scene.before = state["steps"][k], state["changes"][k], state["before"][k]
