"""Trains the birds' auto-encoder: ``AutoencoderKL``, 4 latent channels, factor 4.

Random crops, so that it generalises; L1 plus a pyramid of gradients and blurred differences, so
that neither edges nor colours drift. Everything downstream inherits this model's faults.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL

from diffex_cli.birds.attributes import random_bird
from diffex_cli.birds.renderer import SIZE, render
from training.checkpoints import Checkpoint, one_cycle

CROP = 48
BATCH = 16
STEPS = 2600
PEAK_LEARNING_RATE = 2e-3
KL_WEIGHT = 2e-5


def new_autoencoder() -> AutoencoderKL:
    """The architecture, with random weights."""
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(24, 48, 96),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=SIZE,
        mid_block_add_attention=False,
    )


def pictures(count: int, seed: int) -> torch.Tensor:
    """``count`` random birds as uint8, shape (count, 3, 128, 128)."""
    rng = random.Random(seed)
    out = torch.empty(count, 3, SIZE, SIZE, dtype=torch.uint8)
    for k in range(count):
        out[k] = torch.from_numpy(np.asarray(render(random_bird(rng))).transpose(2, 0, 1).copy())
    return out


def pyramid_loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """L1, plus at four scales the L1 of the image gradients and of the blurred pictures."""
    loss = F.l1_loss(output, target)
    for _ in range(4):
        for axis in (2, 3):
            loss = loss + 0.5 * F.l1_loss(output.diff(dim=axis), target.diff(dim=axis))
        output, target = F.avg_pool2d(output, 2), F.avg_pool2d(target, 2)
        loss = loss + F.l1_loss(output, target)
    return loss


def psnr(output: torch.Tensor, target: torch.Tensor) -> float:
    """Peak signal-to-noise ratio in dB of images in [−1, 1]."""
    return float(10 * torch.log10(4 / F.mse_loss(output.clamp(-1, 1), target)))


def train(folder: Path, steps: int, seed: int = 0) -> AutoencoderKL:
    """Train, resuming what ``folder`` holds; returns the model with its scaling factor set."""
    torch.manual_seed(seed)
    model = new_autoencoder().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_LEARNING_RATE, weight_decay=1e-4)
    checkpoint = Checkpoint(folder, {"model": model, "optimizer": optimizer})
    first = checkpoint.resume()
    if first < steps:
        data = pictures(5000, seed=seed + 1)
    held_out = pictures(64, seed=seed + 2).float() / 127.5 - 1
    started = time.monotonic()
    for step in range(first, steps):
        for group in optimizer.param_groups:
            group["lr"] = PEAK_LEARNING_RATE * one_cycle(step, steps)
        rows = torch.randint(len(data), (BATCH,))
        corners = torch.randint(SIZE - CROP + 1, (BATCH, 2))
        crops = [data[r, :, y : y + CROP, x : x + CROP] for r, (y, x) in zip(rows, corners, strict=True)]
        batch = (torch.stack(crops).float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        posterior = model.encode(batch).latent_dist
        output = model.decode(posterior.sample()).sample
        loss = pyramid_loss(output, batch) + KL_WEIGHT * posterior.kl().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 0:
            with torch.no_grad():
                quality = psnr(model.decode(model.encode(held_out[:16]).latent_dist.mode()).sample, held_out[:16])
            seconds = time.monotonic() - started
            checkpoint.log(step, loss=loss.item(), psnr=quality, seconds=seconds)
            print(
                f"auto-encoder step {step}/{steps} loss {loss.item():.4f} psnr {quality:.2f} dB {seconds:.0f}s",
                flush=True,
            )
        checkpoint.save_sometimes(step + 1)
    checkpoint.save(max(first, steps))
    with torch.no_grad():
        latents = model.encode(held_out).latent_dist.mode()
        quality = psnr(model.decode(latents).sample, held_out)
    model.register_to_config(scaling_factor=round(1 / float(latents.std()), 4))
    print(f"auto-encoder done: psnr {quality:.2f} dB, scaling factor {model.config.scaling_factor}", flush=True)
    return model
