"""Trains the birds' U-Net and text encoder on counterfactual twins.

For a twin pair the latents of x are noised to x_t and the caption names what differs in x′; the
network regresses the noise that would lead to x′, (x_t − √ᾱ·x′)/√(1−ᾱ). That teaches the words in
a fraction of the steps that captions alone would take. It also makes this model a best case for
editing: no one trains Stable Diffusion so. The documentation says so.
"""

from __future__ import annotations

import copy
import random
import time
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from training.checkpoints import Checkpoint, one_cycle
from training.twins import Lesson, Twins, hard_lesson, make_twins, pattern_lesson, plain_lesson, twin_lesson
from training.words import WIDTH, new_text_encoder, new_tokenizer, teach_phrases, tokenize

BATCH = 32
TWIN_SHARE = 0.72
PEAK_LEARNING_RATE = 1.2e-3
TEXT_LEARNING_RATE = 3e-4
EMA_DECAY = 0.998
FINISHING_EMA_DECAY = 0.99
FAMILIES = 5500
STEPS = 3400
FINISHING_STEPS = 450
"""Further steps in which every second twin teaches a pattern of wings or breast: they are learned last."""
FINISHING_RATE = 0.35
PRACTICE_STEPS = 2000
"""Last steps, in which every second twin teaches one of the values that were still weak, and the cells of the latents
that differ between source and target count :data:`FOCUS` times: a spot is a few cells of a thousand."""
PRACTICE_RATE = 0.5
FOCUS = 6.0
CHANGED = 0.5
"""A cell differs if one of its channels does by more than this (the latents have unit variance)."""
ALL_STEPS = STEPS + FINISHING_STEPS + PRACTICE_STEPS
EARLY_STEP = 800
"""The step whose weights are kept as the *weak* editor, to see how explanations degrade with the editor."""


def new_unet() -> UNet2DConditionModel:
    """The architecture, with random weights; latents of 4×32×32, cross-attention at 16×16 and 8×8."""
    return UNet2DConditionModel(
        sample_size=32,
        in_channels=4,
        out_channels=4,
        block_out_channels=(32, 64, 160),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        norm_num_groups=8,
    )


def new_scheduler() -> DDIMScheduler:
    """Stable Diffusion's noise schedule."""
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type="epsilon",
    )


class Ema:
    """Exponential moving averages of some parameters, with a ``state_dict`` for the checkpoint."""

    def __init__(self, parameters: list[torch.nn.Parameter], decay: float | None = None) -> None:
        self._parameters, self._decay = parameters, decay
        self.averages = [parameter.detach().clone() for parameter in parameters]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move the averages towards the parameters."""
        finishing = STEPS <= step < STEPS + FINISHING_STEPS
        decay = self._decay or (FINISHING_EMA_DECAY if finishing else EMA_DECAY)
        decay = min(decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.averages, [p.detach() for p in self._parameters], 1 - decay)

    @torch.no_grad()
    def copy_to_parameters(self) -> None:
        """Overwrite the parameters with the averages."""
        for parameter, average in zip(self._parameters, self.averages, strict=True):
            parameter.copy_(average)

    def state_dict(self) -> dict[str, torch.Tensor]:
        return {str(k): average for k, average in enumerate(self.averages)}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        for k, average in enumerate(self.averages):
            average.copy_(state[str(k)])


class Trainer:
    """The loss of a batch of lessons."""

    def __init__(
        self, unet: UNet2DConditionModel, text_encoder: CLIPTextModel, tokenizer: CLIPTokenizer, twins: Twins
    ) -> None:
        self._unet, self._text_encoder, self._tokenizer, self._twins = unet, text_encoder, tokenizer, twins
        self._alphas_cumprod = new_scheduler().alphas_cumprod

    def row_losses(
        self, lessons: list[Lesson], timesteps: torch.Tensor, noise: torch.Tensor, focus: float = 1.0
    ) -> torch.Tensor:
        """The mean squared error of the predicted noise, shape (len(lessons),).

        Args:
            timesteps: int64, shape (rows,).
            noise: shape (rows, 4, 32, 32).
            focus: how much more the cells count in which source and target differ.
        """
        families = torch.tensor([lesson.family for lesson in lessons])
        source = self._twins.latents[families, [lesson.source for lesson in lessons]].float()
        target = self._twins.latents[families, [lesson.target for lesson in lessons]].float()
        alpha = self._alphas_cumprod[timesteps].view(-1, 1, 1, 1)
        noisy = alpha.sqrt() * source + (1 - alpha).sqrt() * noise
        goal = (noisy - alpha.sqrt() * target) / (1 - alpha).sqrt()
        hidden = self._text_encoder(tokenize(self._tokenizer, [lesson.caption for lesson in lessons])).last_hidden_state
        output = self._unet(noisy.contiguous(memory_format=torch.channels_last), timesteps, hidden).sample
        changed = (target - source).abs().amax(dim=1, keepdim=True) > CHANGED
        importance = 1 + (focus - 1) * changed
        losses: torch.Tensor = ((output.float() - goal).square() * importance).mean(dim=(1, 2, 3))
        return losses

    def weights(self, timesteps: torch.Tensor) -> torch.Tensor:
        """The loss weights: like the error of x₀, clipped; shape (rows,)."""
        alpha = self._alphas_cumprod[timesteps]
        weights: torch.Tensor = ((1 - alpha) / alpha).clamp(max=20.0) / 2 + 0.1
        return weights

    @torch.no_grad()
    def conditioning(self, rows: int = 48) -> tuple[float, float, float]:
        """The loss at t = 500 of fixed twins with the right, the empty and a wrong caption.

        Their distance is the only honest sign that the words work.
        """
        rng = random.Random("conditioning")
        lessons = [twin_lesson(rng, self._twins) for _ in range(rows)]
        noise = torch.randn(rows, 4, 32, 32, generator=torch.Generator().manual_seed(0))
        timesteps = torch.full((rows,), 500)
        wrong = lessons[1:] + lessons[:1]
        variants = (
            lessons,
            [Lesson(x.family, x.source, x.target, "") for x in lessons],
            [Lesson(x.family, x.source, x.target, y.caption) for x, y in zip(lessons, wrong, strict=True)],
        )
        right, empty, other = (float(self.row_losses(v, timesteps, noise).mean()) for v in variants)
        return right, empty, other


def _save_averages(ema: Ema, parts: dict[str, Any], folder: Path) -> None:
    """Write the parts with their averaged parameters; they go on with their own."""
    own = {name: copy.deepcopy(part.state_dict()) for name, part in parts.items()}
    ema.copy_to_parameters()
    for name, part in parts.items():
        part.save_pretrained(folder / name)
        part.load_state_dict(own[name])


@torch.no_grad()
def mix(part: Any, folder: Path) -> None:
    """Move a part's weights halfway to those in ``folder``.

    Practice teaches the weak values and blurs the coarse words, which it seldom draws. The mean of the
    weights before and after it has both (Wortsman et al. 2022, *Model soups*).
    """
    other = type(part).from_pretrained(folder).state_dict()
    part.load_state_dict(
        {
            name: torch.lerp(weight.float(), other[name].float(), 0.5).to(weight.dtype)
            if weight.is_floating_point()
            else weight
            for name, weight in part.state_dict().items()
        }
    )


def _draw_lesson(rng: random.Random, twins: Twins, step: int) -> Lesson:
    if rng.random() >= TWIN_SHARE:
        return plain_lesson(rng, twins)
    if step < STEPS or rng.random() >= 0.6:
        return twin_lesson(rng, twins)
    return (pattern_lesson if step < STEPS + FINISHING_STEPS else hard_lesson)(rng, twins)


def learning_rate_factor(step: int) -> float:
    """One cycle, then a short linear decay while finishing, and a longer one while practising."""
    if step < STEPS:
        return one_cycle(step, STEPS, warmup=200, hold=0.55)
    step -= STEPS
    if step < FINISHING_STEPS:
        return FINISHING_RATE * (1 - step / FINISHING_STEPS)
    step -= FINISHING_STEPS
    return PRACTICE_RATE * min((step + 1) / 50, max(0.0, 1 - step / PRACTICE_STEPS))


def draw_batch(twins: Twins, step: int, seed: int) -> tuple[list[Lesson], torch.Tensor, torch.Tensor]:
    """The batch of one step: lessons, timesteps and noise, a function of the step alone."""
    rng = random.Random(f"{seed}/{step}")
    lessons = [_draw_lesson(rng, twins, step) for _ in range(BATCH)]
    times = [rng.randrange(1, 999) if rng.random() < 0.4 else rng.randrange(150, 850) for _ in range(BATCH)]
    generator = torch.Generator().manual_seed(rng.randrange(2**62))
    return lessons, torch.tensor(times), torch.randn(BATCH, 4, 32, 32, generator=generator)


def train(work: Path, steps: int, seed: int = 0, early: int = EARLY_STEP) -> None:
    """Train, resuming what ``work/diffusion`` holds; writes ``work/{tokenizer,text_encoder,unet}``.

    Args:
        early: after so many steps, the weights are written to ``work/early``, too.
    """
    torch.manual_seed(seed)
    vae = AutoencoderKL.from_pretrained(work / "vae").eval().to(memory_format=torch.channels_last)
    twins = make_twins(vae, FAMILIES, seed + 11, cache=work / "twins.pt")
    tokenizer = new_tokenizer()
    text_encoder = new_text_encoder(tokenizer)
    unet = new_unet().to(memory_format=torch.channels_last)
    print(f"U-Net: {sum(p.numel() for p in unet.parameters()) / 1e6:.2f} M parameters", flush=True)
    groups: list[dict[str, Any]] = [
        {"params": list(unet.parameters()), "peak": PEAK_LEARNING_RATE},
        {"params": list(text_encoder.parameters()), "peak": TEXT_LEARNING_RATE},
    ]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    parameters = [parameter for group in groups for parameter in group["params"]]
    ema = Ema(parameters)
    parts: dict[str, Any] = {"unet": unet, "text_encoder": text_encoder, "optimizer": optimizer, "ema": ema}
    checkpoint = Checkpoint(work / "diffusion", parts)
    first = checkpoint.resume()
    if first == 0:
        print("text encoder alone: loss {:.3f} -> {:.4f}".format(*teach_phrases(text_encoder, tokenizer)), flush=True)
        ema = parts["ema"] = Ema(parameters)
    trainer = Trainer(unet, text_encoder, tokenizer, twins)
    started, losses = time.monotonic(), []
    for step in range(first, steps):
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * learning_rate_factor(step)
        lessons, timesteps, noise = draw_batch(twins, step, seed)
        focus = FOCUS if step >= STEPS + FINISHING_STEPS else 1.0
        loss = (trainer.row_losses(lessons, timesteps, noise, focus) * trainer.weights(timesteps)).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        ema.update(step)
        losses.append(loss.item())
        if (step + 1) % 100 == 0:
            right, empty, wrong = trainer.conditioning()
            mean, seconds = sum(losses) / len(losses), time.monotonic() - started
            checkpoint.log(step + 1, loss=mean, right=right, empty=empty, wrong=wrong, seconds=seconds)
            print(
                f"diffusion step {step + 1}/{steps} loss {mean:.4f}; t=500: right {right:.4f} empty {empty:.4f} "
                f"wrong {wrong:.4f}; {seconds:.0f}s",
                flush=True,
            )
            losses.clear()
        if step + 1 == early:
            unet.save_pretrained(work / "early" / "unet")
            text_encoder.save_pretrained(work / "early" / "text_encoder")
        if step + 1 == STEPS + FINISHING_STEPS:
            _save_averages(ema, {"unet": unet, "text_encoder": text_encoder}, work / "finished")
        checkpoint.save_sometimes(step + 1)
    checkpoint.save(max(first, steps))
    ema.copy_to_parameters()
    if steps > STEPS + FINISHING_STEPS:
        mix(unet, work / "finished" / "unet")
        mix(text_encoder, work / "finished" / "text_encoder")
    for name, part in {"tokenizer": tokenizer, "text_encoder": text_encoder, "unet": unet}.items():
        part.save_pretrained(work / name)
