"""Second-order SDE-DPM-Solver++ for variance-preserving diffusion, as pure functions of tensors.

Source: Lu et al. 2022, *DPM-Solver++*, SDE variant, order 2 (midpoint form), as LEDITS++ uses it (Brack et al. 2024,
§3.1). Everything is float32 whatever the U-Net computes in: in half precision the reconstruction is lost.
"""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor


@dataclasses.dataclass(frozen=True)
class Schedule:
    """The noise levels that an inversion passes, from the noisiest down. Its tensors stay on the CPU, wherever
    the latents are: the loops read single numbers off them, which a GPU would have to be waited for, and
    MPS has no float64.

    Attributes:
        timesteps: int64, shape (N,), decreasing; what the U-Net is told.
        alphas: float32, shape (N + 1,); the signal's share at each timestep, and at the end.
        sigmas: float32, shape (N + 1,); the noise's share.
    """

    timesteps: Tensor
    alphas: Tensor
    sigmas: Tensor

    @property
    def steps(self) -> int:
        return len(self.timesteps)


def leading_schedule(alphas_cumprod: Tensor, steps: int, start: int, offset: int = 1) -> Schedule:
    """``steps`` evenly spaced timesteps that begin at about ``start`` and end at the least noise.

    The last step leads to the noise level of timestep 0 (``sigma_min``), not to zero, where the
    last noise map would be lost and the reconstruction with it.

    Args:
        alphas_cumprod: shape (T,), ᾱ of every training timestep.
        start: the noisiest timestep wanted, below T; rounded down to ``offset + k·N``.
        offset: added to every timestep (1 for Stable Diffusion).
    """
    ratio = max(1, (start - offset) // steps)
    timesteps = torch.arange(steps, 0, -1) * ratio + offset
    levels = torch.cat([alphas_cumprod[timesteps], alphas_cumprod[:1]]).double()
    return Schedule(timesteps, levels.sqrt().float(), (1 - levels).sqrt().float())


@dataclasses.dataclass(frozen=True)
class StepCoefficients:
    """One step as a linear map: x_next = ``sample``·x + ``current``·x̂₀ + ``previous``·x̂₀_prev + ``noise``·z."""

    sample: float
    current: float
    previous: float
    noise: float


def step_coefficients(schedule: Schedule, step: int) -> StepCoefficients:
    """The coefficients of step ``step``; the first step is of first order, all others of second."""
    alpha, sigma = schedule.alphas.double(), schedule.sigmas.double()
    lambdas = torch.log(alpha) - torch.log(sigma)
    h = lambdas[step + 1] - lambdas[step]
    decay = torch.exp(-h)
    gain = float(alpha[step + 1] * (1 - torch.exp(-2 * h)))
    sample = float(sigma[step + 1] / sigma[step] * decay)
    noise = float(sigma[step + 1] * torch.sqrt(1 - torch.exp(-2 * h)))
    if step == 0:
        return StepCoefficients(sample, gain, 0.0, noise)
    r = (lambdas[step] - lambdas[step - 1]) / h
    slope = float(0.5 * gain / r)
    return StepCoefficients(sample, gain + slope, -slope, noise)


def solver_step(coefficients: StepCoefficients, x: Tensor, current: Tensor, previous: Tensor, noise: Tensor) -> Tensor:
    """One step, all arguments of one shape. ``previous``: the prediction at the step before (ignored by the first
    step)."""
    mean = coefficients.sample * x + coefficients.current * current + coefficients.previous * previous
    return mean + coefficients.noise * noise


def predicted_x0(schedule: Schedule, step: int | Tensor, x: Tensor, epsilon: Tensor) -> Tensor:
    """x̂₀ = (x − σ·ε) / α. ``step`` is one index, or one for every row of ``x`` (rows, C, h, w), on the CPU."""
    alpha, sigma = schedule.alphas[step], schedule.sigmas[step]
    if isinstance(step, Tensor):
        alpha, sigma = alpha.view(-1, 1, 1, 1).to(x.device), sigma.view(-1, 1, 1, 1).to(x.device)
    return (x - sigma * epsilon) / alpha
