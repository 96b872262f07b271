"""The compiled stand-in for the U-Net, on a small module with the U-Net's signature.

A real U-Net takes a minute or two to compile; ``make bench`` compiles one and compares its pictures.
"""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput
from torch import Tensor

from diffex_cli.editors.ledits.compiling import compiled

pytestmark = [
    pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler on the CPU"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:torch"),
]


class Small(torch.nn.Module):
    """Mixes latents, timestep and both kinds of conditioning; every row by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, latents: Tensor, timestep: Tensor, encoder_hidden_states: Tensor, added_cond_kwargs: Any) -> Any:
        shift = encoder_hidden_states.mean((1, 2)) + added_cond_kwargs["text_embeds"].sum(1) + timestep / 1000
        return UNet2DConditionOutput(sample=torch.tanh(self.conv(latents)) + shift[:, None, None, None])


@pytest.fixture(scope="module")
def small() -> Small:
    torch.manual_seed(0)
    return Small().eval().to(memory_format=torch.channels_last)


def inputs(rows: int) -> tuple[Tensor, Tensor, dict[str, Any]]:
    generator = torch.Generator().manual_seed(rows)
    latents = torch.randn(rows, 4, 8, 8, generator=generator).contiguous(memory_format=torch.channels_last)
    words = {
        "encoder_hidden_states": torch.randn(rows, 5, 6, generator=generator),
        "added_cond_kwargs": {"text_embeds": torch.randn(rows, 3, generator=generator)},
    }
    return latents, torch.arange(rows) * 10, words


def test_any_number_of_rows_gives_the_modules_own_output(small: Small) -> None:
    fast = compiled(small, lambda: 4, torch.device("cpu"))
    with torch.no_grad():
        for rows in (1, 2, 3, 4, 11):
            latents, timestep, words = inputs(rows)
            expected = small(latents, timestep, **words).sample
            made = fast(latents, timestep, **words).sample
            assert made.shape == expected.shape
            torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-5)


def test_only_two_sizes_are_ever_compiled(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def spy(module: Small, **options: Any) -> Any:
        def call(latents: Tensor, *args: Any, **words: Any) -> Any:
            sizes.append(len(latents))
            return module(latents, *args, **words)

        return call

    monkeypatch.setattr(torch, "compile", spy)
    limit = 6
    fast = compiled(small, lambda: limit, torch.device("cpu"))
    for rows in (1, 3, 4, 6, 13):
        latents, timestep, words = inputs(rows)
        fast(latents, timestep, **words)
    assert sizes == [3, 3, 6, 6, 6, 6, 3]
    limit = 3  # memory ran out
    latents, timestep, words = inputs(3)
    assert len(fast(latents, timestep, **words).sample) == 3
    assert sizes[7:] == [3], "padding to the old limit would run out of memory again"
