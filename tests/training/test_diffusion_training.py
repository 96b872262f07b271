from __future__ import annotations

import functools
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file

from training import autoencoder, diffusion, early
from training.checkpoints import Checkpoint
from training.diffusion import BATCH, Ema, Trainer, draw_batch, new_scheduler
from training.twins import VARIANTS, Lesson, Twins, family
from training.words import WIDTH, new_text_encoder, new_tokenizer

FAMILIES = 3


@pytest.fixture(scope="module")
def twins() -> Twins:
    rng = random.Random(0)
    latents = torch.randn(FAMILIES, VARIANTS, 4, 32, 32, generator=torch.Generator().manual_seed(0)).half()
    return Twins(latents, [family(rng) for _ in range(FAMILIES)])


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


def test_a_batch_is_a_function_of_the_step(twins: Twins) -> None:
    lessons, times, noise = draw_batch(twins, 7, seed=0)
    random.seed(5)
    torch.manual_seed(5)
    again = draw_batch(twins, 7, seed=0)
    assert lessons == again[0]
    assert torch.equal(times, again[1])
    assert torch.equal(noise, again[2])
    other = draw_batch(twins, 8, seed=0)
    assert not torch.equal(noise, other[2])
    assert not torch.equal(noise, draw_batch(twins, 7, seed=1)[2])
    assert (len(lessons), tuple(noise.shape)) == (BATCH, (BATCH, 4, 32, 32))
    assert 1 <= int(times.min()) <= int(times.max()) < 1000


def test_the_weights_are_those_of_the_error_of_x0_clipped() -> None:
    trainer = Trainer(None, None, None, None)  # type: ignore[arg-type]
    weights = trainer.weights(torch.arange(1000))
    assert bool((weights.diff() >= 0).all())
    assert float(weights[-1]) == pytest.approx(10.1)
    alpha = new_scheduler().alphas_cumprod[500]
    assert float(weights[500]) == pytest.approx(float((1 - alpha) / alpha) / 2 + 0.1, rel=1e-5)


def test_the_goal_is_the_noise_that_leads_to_the_twin(twins: Twins) -> None:
    """A network that knows the answer has no loss; one step of DDIM with it lands on the twin."""
    lessons = [Lesson(0, 0, 1, "red head"), Lesson(1, 2, 2, "")]
    timesteps = torch.tensor([500, 300])
    noise = torch.randn(2, 4, 32, 32)
    alpha = new_scheduler().alphas_cumprod[timesteps].view(-1, 1, 1, 1)

    class Knowing:
        def __call__(self, noisy: torch.Tensor, times: torch.Tensor, hidden: torch.Tensor) -> Any:
            goal = torch.stack([twins.latents[lesson.family, lesson.target].float() for lesson in lessons])
            output = (noisy - alpha.sqrt() * goal) / (1 - alpha).sqrt()
            return type("Output", (), {"sample": output})

    tokenizer = new_tokenizer()
    trainer = Trainer(Knowing(), new_text_encoder(tokenizer), tokenizer, twins)  # type: ignore[arg-type]
    assert float(trainer.row_losses(lessons, timesteps, noise).max()) < 1e-10


def test_focus_weighs_the_cells_that_the_lesson_changes(twins: Twins) -> None:
    same, changed = Lesson(0, 2, 2, ""), Lesson(0, 0, 1, "red head")
    timesteps, noise = torch.tensor([500, 500]), torch.randn(2, 4, 32, 32)

    class Silent:
        def __call__(self, noisy: torch.Tensor, times: torch.Tensor, hidden: torch.Tensor) -> Any:
            return type("Output", (), {"sample": torch.zeros_like(noisy)})

    tokenizer = new_tokenizer()
    trainer = Trainer(Silent(), new_text_encoder(tokenizer), tokenizer, twins)  # type: ignore[arg-type]
    plain = trainer.row_losses([same, changed], timesteps, noise)
    focused = trainer.row_losses([same, changed], timesteps, noise, focus=3.0)
    assert torch.allclose(focused[0], plain[0]), "nothing changes, so nothing counts more"
    source, target = twins.latents[0, 0].float(), twins.latents[0, 1].float()
    share = float(((target - source).abs().amax(0) > diffusion.CHANGED).float().mean())
    assert 0 < share < 1
    assert float(plain[1]) < float(focused[1]) <= 3 * float(plain[1])


def test_averages_follow_and_survive() -> None:
    parameter = torch.nn.Parameter(torch.zeros(2))
    ema = Ema([parameter])
    with torch.no_grad():
        parameter.fill_(1.0)
    for step in range(2000):
        ema.update(step)
    assert torch.allclose(ema.averages[0], torch.ones(2), atol=0.05)
    other = Ema([torch.nn.Parameter(torch.zeros(2))])
    other.load_state_dict(ema.state_dict())
    assert torch.equal(other.averages[0], ema.averages[0])
    with torch.no_grad():
        parameter.fill_(7.0)
    ema.copy_to_parameters()
    assert torch.equal(parameter.detach(), other.averages[0])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    few = functools.partial(diffusion.teach_phrases, steps=1)
    for name, value in {
        "FAMILIES": FAMILIES,
        "BATCH": 2,
        "new_unet": small_unet,
        "teach_phrases": few,
        "Checkpoint": functools.partial(Checkpoint, minutes=0.0),
    }.items():
        monkeypatch.setattr(diffusion, name, value)


def workplace(folder: Path, twins: Twins) -> Path:
    folder.mkdir()
    autoencoder.new_autoencoder().save_pretrained(folder / "vae")
    torch.save(twins.latents, folder / "twins.pt")
    return folder


def interrupted_at(step: int, draw: Callable[..., Any]) -> Callable[..., Any]:
    def interrupted(twins: Twins, now: int, seed: int) -> Any:
        if now == step:
            raise KeyboardInterrupt
        return draw(twins, now, seed)

    return interrupted


@pytest.mark.usefixtures("small")
def test_an_interrupted_training_ends_with_the_same_weights(
    tmp_path: Path, twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = workplace(tmp_path / "whole", twins), workplace(tmp_path / "broken", twins)
    diffusion.train(whole, steps=4)
    with monkeypatch.context() as patch:
        patch.setattr(diffusion, "draw_batch", interrupted_at(3, draw_batch))
        with pytest.raises(KeyboardInterrupt):
            diffusion.train(broken, steps=4, early=2)
    diffusion.train(broken, steps=4, early=2)
    for part, file in (("unet", "diffusion_pytorch_model.safetensors"), ("text_encoder", "model.safetensors")):
        one, other = load_file(whole / part / file), load_file(broken / part / file)
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)
        assert (broken / "early" / part / file).exists()
    assert (broken / "tokenizer").is_dir()


@pytest.mark.usefixtures("small")
def test_the_weak_editor_is_what_so_many_steps_learned(
    tmp_path: Path, twins: Twins, capsys: pytest.CaptureFixture[str]
) -> None:
    work = workplace(tmp_path / "work", twins)
    early.main(["--work", str(work), "--steps", "2", "--threads", "1"])
    file = "unet/diffusion_pytorch_model.safetensors"
    learned, packaged = load_file(work / "early" / file), load_file(work / "weak" / file)
    assert all(torch.equal(packaged[name], learned[name].half()) for name in learned)
    shutil.rmtree(work / "early")
    with pytest.raises(SystemExit):
        early.main(["--work", str(work), "--steps", "1", "--threads", "1"])
    assert "has taken more steps than 1" in capsys.readouterr().err


@pytest.mark.usefixtures("small")
def test_the_shipped_weights_are_the_mean_of_those_before_and_after_practice(
    tmp_path: Path, twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diffusion, "STEPS", 1)
    monkeypatch.setattr(diffusion, "FINISHING_STEPS", 1)
    before, whole = workplace(tmp_path / "before", twins), workplace(tmp_path / "whole", twins)
    diffusion.train(before, steps=2)
    file = "unet/diffusion_pytorch_model.safetensors"
    finished = load_file(before / file)
    saved = []
    monkeypatch.setattr(diffusion, "mix", lambda part, folder: saved.append((part.state_dict(), folder)))
    diffusion.train(whole, steps=3)
    assert all(torch.equal(load_file(whole / "finished" / file)[name], finished[name]) for name in finished)
    assert [folder for _, folder in saved] == [whole / "finished" / "unet", whole / "finished" / "text_encoder"]


def test_mixing_takes_the_mean(tmp_path: Path) -> None:
    one, other = small_unet(), small_unet()
    expected = {name: (one.state_dict()[name] + other.state_dict()[name]) / 2 for name in one.state_dict()}
    other.save_pretrained(tmp_path)
    diffusion.mix(one, tmp_path)
    assert all(torch.allclose(one.state_dict()[name], expected[name], atol=1e-6) for name in expected)


def test_the_learning_rate_decays_restarts_lower_twice_and_ends_at_zero() -> None:
    factors = [diffusion.learning_rate_factor(step) for step in range(diffusion.ALL_STEPS + 1)]
    assert max(factors) == 1.0
    assert factors[diffusion.STEPS - 1] < 0.01
    assert factors[diffusion.STEPS] == diffusion.FINISHING_RATE
    practice = diffusion.STEPS + diffusion.FINISHING_STEPS
    assert factors[practice - 1] < 0.01
    assert max(factors[practice:]) == pytest.approx(diffusion.PRACTICE_RATE, rel=0.05)
    assert factors[-1] == 0.0
