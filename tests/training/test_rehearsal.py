from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file
from torch import Tensor

from training import rehearsal, scenes
from training.autoencoder import new_autoencoder
from training.checkpoints import Checkpoint
from training.rehearsal import Rehearsal
from training.scenes import Scene, Stage
from training.wishes import ROWS
from training.words import WIDTH, new_text_encoder, new_tokenizer


def small_unet() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=32,
        block_out_channels=(8, 8),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=2,
        norm_num_groups=4,
    )


class Knowing:
    """Predicts the noise that leads from a scene's pictures to the wanted ones, ``wrong`` added to x₀ in the last
    ``late`` steps."""

    def __init__(self, scene: Scene, wrong: Tensor | float = 0.0, late: int = 0) -> None:
        self._scene, self._wrong, self._late = scene, wrong, late

    def __deepcopy__(self, memo: Any) -> Knowing:
        return self

    def eval(self) -> Knowing:
        return self

    def __call__(self, noisy: Tensor, times: Tensor, hidden: Tensor) -> Any:
        scene = self._scene
        assert set(times.tolist()) == {int(scene.schedule.timesteps[scene.step])}
        goal = torch.cat([scene.source[None], scene.source + scene.wanted])
        goal[1:] += self._wrong if scene.left <= self._late else 0.0
        alpha, sigma = scene.schedule.alphas[scene.step], scene.schedule.sigmas[scene.step]
        return type("Output", (), {"sample": (noisy - alpha * goal[: len(noisy)]) / sigma})


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(scenes, "SCENES", 1)
    torch.manual_seed(0)
    return Stage(new_autoencoder().eval(), seed=0)


def rehearsed(stage: Stage, **errors: Any) -> tuple[list[float], list[tuple[float, float]]]:
    tokenizer = new_tokenizer()
    unet = Knowing(stage.scenes[0], **errors)
    made = Rehearsal(unet, new_text_encoder(tokenizer), tokenizer)  # type: ignore[arg-type]
    losses, done = [], []
    while stage.scenes[0].left:
        loss, finished = made.step(stage.scenes)
        losses.append(float(loss))
        done += finished
    return losses, done


def test_who_knows_the_twins_has_no_loss(stage: Stage) -> None:
    losses, done = rehearsed(stage)
    assert len(losses) == stage.scenes[0].schedule.steps - 1, "the last two answers are one step"
    assert max(losses) < 1e-3
    assert len(done) == int((stage.scenes[0].wanted.flatten(1).abs().sum(1) > 0).sum())
    assert max(max(row) for row in done) < 1e-3


def test_the_last_two_answers_count_in_their_sum(stage: Stage) -> None:
    """What is wrong with the last answer alone becomes three times as large in the picture."""
    wrong = torch.full((ROWS, 4, 32, 32), 0.01)
    losses, _ = rehearsed(stage, wrong=wrong, late=1)
    assert max(losses[:-1]) < 1e-3
    assert losses[-1] > 0.01
    error = stage.scenes[0].changes - stage.scenes[0].wanted
    assert 0.02 < float(error.mean()) < 0.05


def test_a_small_change_counts_beside_a_large_one() -> None:
    wanted = torch.zeros(2, 4, 32, 32)
    wanted[0, :, :2, :2], wanted[1, :, :16, :] = 1.0, 1.0
    small, large = rehearsal._error(torch.zeros_like(wanted), wanted).tolist()
    assert 1 < large / small < 2048 / 16 / 4


def test_what_changes_beside_counts_less_than_what_is_missing() -> None:
    wanted, made = torch.zeros(2, 4, 32, 32), torch.zeros(2, 4, 32, 32)
    wanted[:, :, :4, :4] = 1.0
    made[0, :, 8:12, :4] = 1.0  # beside, and all is missing
    made[1] = wanted[1]
    made[1, :, 8:12, :4] = 1.0  # beside alone
    both, beside = rehearsal._error(made, wanted).tolist()
    assert both == pytest.approx((1 + rehearsal.FOCUS) * beside)


def test_the_empty_prompt_is_held_to_the_first_weights(stage: Stage) -> None:
    tokenizer = new_tokenizer()
    unet = small_unet()
    made = Rehearsal(unet, new_text_encoder(tokenizer), tokenizer)
    with torch.no_grad():
        (before,) = made.ask(stage.scenes)
        unet.conv_out.bias += 0.5
        (after,) = made.ask(stage.scenes)
    assert float(before.drift) == pytest.approx(0.0, abs=1e-8)
    assert float(after.drift) == pytest.approx(0.25, rel=1e-3)
    assert torch.allclose(before.moved, after.moved, atol=1e-3)


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    torch.manual_seed(1)
    tokenizer = new_tokenizer()
    made = {
        "vae": new_autoencoder(),
        "unet": small_unet(),
        "tokenizer": tokenizer,
        "text_encoder": new_text_encoder(tokenizer),
    }
    for name, part in made.items():
        part.save_pretrained(tmp_path / "parts" / name)
    return tmp_path / "parts"


def test_an_interrupted_rehearsal_ends_with_the_same_weights(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenes, "SCENES", 2)
    monkeypatch.setattr(rehearsal, "Checkpoint", functools.partial(Checkpoint, minutes=0.0))
    rehearsal.train(parts, tmp_path / "whole", steps=3)
    step = Rehearsal.step
    calls: list[int] = []

    def interrupting(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return step(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Rehearsal, "step", interrupting)
        with pytest.raises(KeyboardInterrupt):
            rehearsal.train(parts, tmp_path / "broken", steps=3)
    rehearsal.train(parts, tmp_path / "broken", steps=3)
    for file in ("unet/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors"):
        one, other = (load_file(tmp_path / name / "rehearsed" / file) for name in ("whole", "broken"))
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)
        before = load_file(parts / file)
        assert any(not torch.equal(one[name], before[name]) for name in one)
