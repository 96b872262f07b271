"""Inversion: the noise maps with which the SDE solver walks back to exactly the given image.

Source: LEDITS++ §3.1, after Huberman-Spiegelglas et al. 2024 (edit-friendly DDPM inversion).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor

from diffex_cli.editors.ledits.solver import Schedule, predicted_x0, solver_step, step_coefficients

Predictor = Callable[[Tensor, Tensor], Tensor]
"""(latents (rows, C, h, w), timesteps (rows,)) → ε on the empty prompt, float32, like the latents."""


@dataclasses.dataclass(frozen=True)
class Inversion:
    """What one inverted image leaves behind; all float32, N steps.

    Attributes:
        x: shape (N + 1, C, h, w), the latents before each step, and at the end the image itself.
        z: shape (N, C, h, w), the noise maps.
        epsilon: shape (N, C, h, w), the empty prompt's predictions at ``x[:-1]``.
    """

    x: Tensor
    z: Tensor
    epsilon: Tensor

    @property
    def nbytes(self) -> int:
        return self.x.nbytes + self.z.nbytes + self.epsilon.nbytes


def trajectory_noise(shape: tuple[int, ...], steps: int, seed: int) -> Tensor:
    """Independent standard normal noise for every step, shape (steps, *shape). Each image has its own seed, so that a
    result does not depend on what else is in a batch."""
    return torch.randn(steps, *shape, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def invert(schedule: Schedule, x0: Tensor, noise: Tensor, predict: Predictor, rows: int = 64) -> Inversion:
    """Invert one image. The noisy latents are drawn independently for every step, so no step needs another's result:
    the U-Net sees all N of them in one batch, ``rows`` at a time. ``x0``: the image's latents, float32, shape (C, h,
    w). ``noise``: from :func:`trajectory_noise`, on the device of ``x0``."""
    alphas, sigmas = (level[:-1].view(-1, 1, 1, 1).to(x0.device) for level in (schedule.alphas, schedule.sigmas))
    x = torch.cat([alphas * x0 + sigmas * noise, x0[None]])
    chunks = zip(x[:-1].split(rows), schedule.timesteps.split(rows), strict=True)
    epsilon = torch.cat([predict(latents, timesteps) for latents, timesteps in chunks])
    return Inversion(x, noise_maps(schedule, x, epsilon), epsilon)


def noise_maps(schedule: Schedule, x: Tensor, epsilon: Tensor) -> Tensor:
    """The z_t that lead the solver from every latent to the next, shape (N, C, h, w). ``x``: shape (N + 1, C, h, w),
    float32; the latents before each step, and the image's. ``epsilon``: shape (N, C, h, w), float32; the predictions at
    ``x[:-1]``."""
    x0_predictions = predicted_x0(schedule, torch.arange(schedule.steps), x[:-1], epsilon)
    z = torch.empty_like(epsilon)
    for step in range(schedule.steps):
        coefficients = step_coefficients(schedule, step)
        previous = x0_predictions[max(step - 1, 0)]
        mean = solver_step(coefficients, x[step], x0_predictions[step], previous, torch.zeros_like(x[step]))
        z[step] = (x[step + 1] - mean) / coefficients.noise
    return z
