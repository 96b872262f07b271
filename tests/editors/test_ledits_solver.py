from __future__ import annotations

import pytest
import torch
from diffusers import DPMSolverMultistepScheduler
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.editors.ledits.inversion import trajectory_noise
from diffex_cli.editors.ledits.solver import leading_schedule, predicted_x0, solver_step, step_coefficients
from training.diffusion import new_scheduler

ALPHAS_CUMPROD = new_scheduler().alphas_cumprod

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"  # diffusers' scheduler, numpy 2
)


@given(steps=st.integers(1, 300), data=st.data())
def test_the_schedule_goes_down_evenly_from_the_start(steps: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(steps + 1, 999))
    schedule = leading_schedule(ALPHAS_CUMPROD, steps, start)
    assert schedule.steps == steps
    assert len(schedule.alphas) == len(schedule.sigmas) == steps + 1
    assert start - steps < int(schedule.timesteps[0]) <= start
    gaps = -schedule.timesteps.diff()
    assert gaps.numel() == 0 or (int(gaps.min()) == int(gaps.max()) >= 1)
    assert bool((schedule.alphas.diff() > 0).all())
    assert bool((schedule.sigmas.diff() < 0).all())
    assert float(schedule.sigmas[-1]) > 0, "with no noise left at the end the last noise map would be lost"
    assert torch.allclose(schedule.alphas**2 + schedule.sigmas**2, torch.ones(steps + 1))


def test_the_steps_are_those_of_the_stock_scheduler() -> None:
    """Three steps: the first of order one, the second and third of order two."""
    steps = 4
    stock = DPMSolverMultistepScheduler.from_config(
        new_scheduler().config,
        algorithm_type="sde-dpmsolver++",
        solver_order=2,
        timestep_spacing="leading",
        final_sigmas_type="sigma_min",
        lower_order_final=False,
    )
    stock.set_timesteps(steps)
    schedule = leading_schedule(ALPHAS_CUMPROD, steps, int(stock.timesteps[0]))
    assert schedule.timesteps.tolist() == stock.timesteps.tolist()
    torch.manual_seed(0)
    ours = theirs = torch.randn(1, 4, 3, 3)
    previous = torch.full_like(ours, 123.0)  # the first step must not look at it
    for step, timestep in enumerate(stock.timesteps):
        epsilon, noise = torch.randn_like(ours), torch.randn_like(ours)
        theirs = stock.step(epsilon, timestep, theirs, variance_noise=noise).prev_sample
        current = predicted_x0(schedule, step, ours, epsilon)
        ours = solver_step(step_coefficients(schedule, step), ours, current, previous, noise)
        previous = current
        assert torch.allclose(ours, theirs, rtol=1e-4, atol=1e-5), f"step {step}"


def test_the_prediction_of_x0_takes_one_step_or_many() -> None:
    schedule = leading_schedule(ALPHAS_CUMPROD, 5, 801)
    x0, epsilon = torch.randn(5, 4, 2, 2), torch.randn(5, 4, 2, 2)
    noisy = schedule.alphas[:-1].view(-1, 1, 1, 1) * x0 + schedule.sigmas[:-1].view(-1, 1, 1, 1) * epsilon
    assert torch.allclose(predicted_x0(schedule, torch.arange(5), noisy, epsilon), x0, atol=1e-4)
    assert torch.allclose(predicted_x0(schedule, 2, noisy[2], epsilon[2]), x0[2], atol=1e-4)


def test_noise_is_fixed_by_its_seed() -> None:
    noise = trajectory_noise((4, 8, 8), 3, seed=1)
    assert noise.shape == (3, 4, 8, 8)
    assert torch.equal(noise, trajectory_noise((4, 8, 8), 3, seed=1))
    assert not torch.equal(noise, trajectory_noise((4, 8, 8), 3, seed=2))
    assert not torch.equal(noise[0], noise[1])
