"""The diffusion model's last stage: it rehearses whole edits, as ``ledits:birds`` makes them.

Twins taught the model to answer one question from a picture that nobody edited yet. An edit asks eight times, each time
from what the answers before have made of the picture, and what comes out is their weighted sum: with eight steps of a
second-order solver 3.44 times the last answer less 2.44 times the one before. So small differences between answers
become faults of the picture. Here the model edits random birds with its present weights and every answer is held
against the exact twin, the last two together, in the sum that becomes the picture.

What counts is the *difference* to the answer on the empty prompt, since the noise maps of the inversion give back what
both have in common: the model learns to move what the words name, and nothing beside it.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from diffex_cli.core.domains import packaged
from diffex_cli.editors.ledits.solver import predicted_x0
from training.checkpoints import Checkpoint, one_cycle
from training.diffusion import CHANGED, Ema
from training.scenes import Scene, Stage
from training.wishes import ROWS
from training.words import tokenize

STEPS = 500
PEAK_LEARNING_RATE = 2.5e-4
TEXT_LEARNING_RATE = 8e-5
EMA_DECAY = 0.99
SMALL_CHANGE = 60.0
"""The sum of squares, over all cells and channels, of a small change: an eye's colour is 50, a beak's 100."""
FOCUS = 2.0
"""How much more the cells count that should change."""
EMPTY = 20.0
"""The weight of staying with the first weights on the empty prompt. The rest of the loss looks at differences to that
alone, and let it drift: in 200 steps the predictions at low noise were lost."""
EARLY = 0.3
"""The weight of an answer before the last two."""


@dataclasses.dataclass(frozen=True)
class Answers:
    """One scene's: ``moved``: by how much the words change x̂₀, shape (ROWS, 4, 32, 32); ``drift``: the mean squared
    error of ε on the empty prompt, held against the first weights'."""

    moved: Tensor
    drift: Tensor


class Rehearsal:
    """The loss of one step of every scene."""

    def __init__(self, unet: UNet2DConditionModel, text_encoder: CLIPTextModel, tokenizer: CLIPTokenizer) -> None:
        self._unet, self._text_encoder, self._tokenizer = unet, text_encoder, tokenizer
        self._first_unet = copy.deepcopy(unet).eval()
        with torch.no_grad():
            self._first_empty = self._embed([""])

    def _embed(self, captions: list[str]) -> Tensor:
        hidden: Tensor = self._text_encoder(tokenize(self._tokenizer, captions)).last_hidden_state
        return hidden

    def ask(self, scenes: Sequence[Scene]) -> list[Answers]:
        """What the model answers to every wish and to the empty prompt."""
        noisy = [scene.noisy() for scene in scenes]
        timesteps = torch.stack([scene.schedule.timesteps[scene.step] for scene in scenes])
        captions = [words for scene in scenes for words in ("", *scene.words)]
        rows = torch.cat(noisy).contiguous(memory_format=torch.channels_last)
        epsilon = self._unet(rows, timesteps.repeat_interleave(1 + ROWS), self._embed(captions)).sample.float()
        with torch.no_grad():
            plain, empty = rows[:: 1 + ROWS], self._first_empty.expand(len(scenes), -1, -1)
            first = self._first_unet(plain, timesteps, empty).sample.float()
        answers = []
        for scene, x, guess, before in zip(scenes, noisy, epsilon.split(1 + ROWS), first, strict=True):
            x0 = predicted_x0(scene.schedule, scene.step, x, guess)
            answers.append(Answers(x0[1:] - x0[0].detach(), (guess[0] - before).square().mean()))
        return answers

    def step(self, scenes: Sequence[Scene]) -> tuple[Tensor, list[tuple[float, float]]]:
        """Advance every scene: by one step, by two if two are left.

        Returns:
            The loss, and for each wish to change something that was finished: the share of the wanted change that is
            missing, and the sum of squares of what else changed.
        """
        losses: list[Tensor] = []
        done: list[tuple[float, float]] = []
        ending: list[tuple[Scene, Tensor]] = []
        for scene, answers in zip(scenes, self.ask(scenes), strict=True):
            losses += [EMPTY * answers.drift, EARLY * _error(answers.moved, scene.wanted).mean()]
            if scene.left == 2:
                ending.append((scene, answers.moved))
            scene.advance(answers.moved)
        if ending:
            for (scene, second), answers in zip(ending, self.ask([scene for scene, _ in ending]), strict=True):
                scene.before = second
                made = scene.next_changes(answers.moved)
                losses += [_error(made, scene.wanted).mean(), EMPTY * answers.drift]
                scene.advance(answers.moved)
                done += _judge(made.detach(), scene.wanted)
        return torch.stack(losses).sum() / len(scenes), done


def _error(made: Tensor, wanted: Tensor) -> Tensor:
    """What is missing of the wanted change and what changed beside it, shape (ROWS,); relative to the root of the
    change's size, so that a few spots count beside a whole background."""
    missing, beside, size = _parts(made, wanted)
    return (FOCUS * missing + beside) / (SMALL_CHANGE * (size + SMALL_CHANGE)).sqrt()


def _parts(made: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    changed = wanted.abs().amax(dim=1, keepdim=True) > CHANGED
    squares = (made - wanted).square()
    size = wanted.square().sum(dim=(1, 2, 3))
    return (squares * changed).sum(dim=(1, 2, 3)), (squares * ~changed).sum(dim=(1, 2, 3)), size


def _judge(made: Tensor, wanted: Tensor) -> list[tuple[float, float]]:
    rows = zip(*(part.tolist() for part in _parts(made, wanted)), strict=True)
    return [(missing / size, beside) for missing, beside, size in rows if size > 0]


def train(parts: Path, work: Path, steps: int = STEPS, seed: int = 0) -> None:
    """Go on from the models in ``parts`` (vae, unet, text_encoder, tokenizer), resuming what ``work/rehearsal`` holds;
    writes ``work/rehearsed/{unet,text_encoder}``, averaged."""
    load: dict[str, Any] = {"torch_dtype": torch.float32}
    vae = AutoencoderKL.from_pretrained(parts / "vae", **load).eval().to(memory_format=torch.channels_last)
    unet = UNet2DConditionModel.from_pretrained(parts / "unet", **load).to(memory_format=torch.channels_last).train()
    text_encoder = CLIPTextModel.from_pretrained(parts / "text_encoder", **load).train()
    groups: list[dict[str, Any]] = [
        {"params": list(unet.parameters()), "peak": PEAK_LEARNING_RATE},
        {"params": list(text_encoder.parameters()), "peak": TEXT_LEARNING_RATE},
    ]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    parameters = [parameter for group in groups for parameter in group["params"]]
    ema, stage = Ema(parameters, EMA_DECAY), Stage(vae, seed)
    state = {"unet": unet, "text_encoder": text_encoder, "optimizer": optimizer, "ema": ema, "stage": stage}
    rehearsal = Rehearsal(unet, text_encoder, CLIPTokenizer.from_pretrained(parts / "tokenizer"))
    checkpoint = Checkpoint(work / "rehearsal", state)
    first = checkpoint.resume()
    started, losses, done = time.monotonic(), [], []
    for step in range(first, steps):
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * one_cycle(step, steps, warmup=50, hold=0.4)
        loss, finished = rehearsal.step(stage.scenes)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        ema.update(step)
        stage.clear()
        losses.append(loss.item())
        done += finished
        if (step + 1) % 50 == 0:
            missing, beside = np.mean(done, axis=0)
            mean, seconds = sum(losses) / len(losses), time.monotonic() - started
            checkpoint.log(step + 1, loss=mean, missing=missing, beside=beside, seconds=seconds)
            print(
                f"rehearsal step {step + 1}/{steps} loss {mean:.4f}; finished edits miss {missing:.3f} of what they "
                f"should change and change {beside:.1f} beside it; {seconds:.0f}s",
                flush=True,
            )
            losses.clear()
            done.clear()
        checkpoint.save_sometimes(step + 1)
    checkpoint.save(max(first, steps))
    ema.copy_to_parameters()
    unet.save_pretrained(work / "rehearsed" / "unet")
    text_encoder.save_pretrained(work / "rehearsed" / "text_encoder")


def main() -> None:
    """Go on from the shipped weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/train-birds"), help="checkpoints and logs")
    parser.add_argument("--steps", type=int, default=STEPS)
    arguments = parser.parse_args()
    train(packaged("diffusion"), arguments.work, arguments.steps)


if __name__ == "__main__":
    main()
