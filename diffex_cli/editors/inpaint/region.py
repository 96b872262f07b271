"""Where an attribute's words look in a picture: the mask M1 of LEDITS++, from one U-Net call.

Source: LEDITS++ (Brack et al. 2024), §3.2; there M1 is read at every step, here once, at one noise level.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from diffex_cli.core.errors import UsageError
from diffex_cli.editors.ledits.attention import AttentionRecorder
from diffex_cli.editors.ledits.conditioning import token_count
from diffex_cli.editors.ledits.guidance import attention_mask

_DIVISOR = 4
"""The attention is read at a quarter of the latents' sides, as published."""


@torch.no_grad()
def attended_region(
    pipeline: Any, picture: Image.Image, words: Sequence[str], thresholds: Sequence[float], mask_at: float, seed: int
) -> Tensor:
    """Where any of several attributes' words look: 0/1, float32, shape (h, w) of the latents.

    Args:
        pipeline: a ``StableDiffusion(XL)InpaintPipeline``; it is left as it was.
        picture: RGB, of a size that the pipeline can compute.
        thresholds: λ of each.
        mask_at: the noise level, as a fraction of the training timesteps.
    """
    clean = encode(pipeline, picture) * pipeline.vae.config.scaling_factor
    levels = pipeline.scheduler.alphas_cumprod
    timestep = round(mask_at * (len(levels) - 1))
    alpha = levels[timestep].to(clean)
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(seed)).to(clean)
    noisy = alpha.sqrt() * clean + (1 - alpha).sqrt() * noise
    if pipeline.unet.config.in_channels == 9:  # mask and masked image: nothing is to be repainted yet
        noisy = torch.cat([noisy, torch.zeros_like(clean[:, :1]), clean], dim=1)
    size = (int(clean.shape[-2]), int(clean.shape[-1]))
    maps = _attention(pipeline, noisy.expand(len(words), -1, -1, -1), timestep, words, picture.size, size)
    counts = torch.tensor([token_count(pipeline.tokenizer, text) for text in words], device=maps.device)
    own = attention_mask(maps, counts, torch.tensor(thresholds, device=maps.device), size)
    return own.amax(dim=(0, 1))


def pixel_mask(region: Tensor, size: tuple[int, int], dilate: int) -> Image.Image:
    """The region, 0/1 of shape (h, w), as a picture of mode ``L`` and of (width, height) ``size``, grown by ``dilate``
    pixels on every side."""
    pixels = F.interpolate(region[None, None].float(), (size[1], size[0]))
    for kernel, padding in (((1, 2 * dilate + 1), (0, dilate)), ((2 * dilate + 1, 1), (dilate, 0))):
        pixels = F.max_pool2d(pixels, kernel, stride=1, padding=padding)
    return Image.fromarray((pixels[0, 0] * 255).byte().cpu().numpy())


@torch.no_grad()
def encode(pipeline: Any, picture: Image.Image) -> Tensor:
    """The auto-encoder's unscaled latents, float32, shape (1, 4, h, w)."""
    pixels = pipeline.image_processor.preprocess(picture).to(pipeline.device)
    with _in_float32(pipeline.vae) as vae:
        latents: Tensor = vae.encode(pixels).latent_dist.mode()
    return latents


@torch.no_grad()
def round_trip(pipeline: Any, picture: Image.Image) -> Any:
    """The picture through the auto-encoder and back: float32 in [0, 1], shape (height, width, 3)."""
    latents = encode(pipeline, picture)
    with _in_float32(pipeline.vae) as vae:
        decoded = vae.decode(latents).sample
    return pipeline.image_processor.postprocess(decoded, output_type="np")[0]


@contextlib.contextmanager
def _in_float32(vae: Any) -> Iterator[Any]:
    """SDXL's auto-encoder overflows in half precision."""
    dtype = vae.dtype
    vae.to(torch.float32)
    try:
        yield vae
    finally:
        vae.to(dtype)


def _attention(
    pipeline: Any,
    latents: Tensor,
    timestep: int,
    words: Sequence[str],
    picture_size: tuple[int, int],
    size: tuple[int, int],
) -> Tensor:
    """The mean attention of one call, shape (rows, cells, tokens)."""
    unet = pipeline.unet
    width, height = picture_size
    encoded = pipeline.encode_prompt(
        prompt=list(words), device=pipeline.device, num_images_per_prompt=1, do_classifier_free_guidance=False
    )
    added: dict[str, Tensor] | None = None
    if len(encoded) == 4:  # SDXL: hidden states, negative ones, pooled ones, negative ones
        time_ids = torch.tensor([[height, width, 0, 0, height, width]], dtype=unet.dtype, device=pipeline.device)
        added = {"text_embeds": encoded[2].to(unet.dtype), "time_ids": time_ids.expand(len(words), -1)}
    stock = dict(unet.attn_processors)
    recorder = AttentionRecorder()
    recorder.install(unet)
    try:
        recorder.start(cells=(size[0] // _DIVISOR) * (size[1] // _DIVISOR))
        unet(latents.to(unet.dtype), timestep, encoder_hidden_states=encoded[0].to(unet.dtype), added_cond_kwargs=added)
        maps = recorder.stop()
    finally:
        unet.set_attn_processor(stock)
    if maps is None:
        raise UsageError(
            "the model's U-Net has no cross-attention at a quarter of its latents' sides, where the inpaint editor "
            "reads its region: choose another model"
        )
    return maps
