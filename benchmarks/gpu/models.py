"""Stable Diffusion 1.5 and SDXL with random weights, made where and in the dtype that they are used."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from benchmarks.gpu.configs import CONFIGURATIONS, SCHEDULERS, Configuration
from benchmarks.tiny import tiny_sd, tiny_sdxl
from diffex_cli.core.machine import quiet_transformers
from training.words import new_tokenizer

with quiet_transformers():
    import diffusers
    from diffusers import AutoencoderKL, StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel

TINY = {"sd15": tiny_sd, "sdxl": tiny_sdxl}


def pipeline(name: str, device: torch.device, dtype: torch.dtype, tiny: bool = False) -> Any:
    """A new pipeline of ``CONFIGURATIONS``, or its tiny stand-in, whose outputs have the size of a trained one's."""
    made = TINY[name]().to(device, dtype) if tiny else _full(CONFIGURATIONS[name], device, dtype)
    made.set_progress_bar_config(disable=True)
    if device.type != "meta":
        _settle(made, listen=not tiny)
    return made


def copied(original: Any, device: torch.device, dtype: torch.dtype) -> Any:
    """The same weights once more, elsewhere or in another dtype."""
    return copy.deepcopy(original).to(device, dtype)


def _full(configuration: Configuration, device: torch.device, dtype: torch.dtype) -> Any:
    torch.manual_seed(0)
    tokenizer = _tokenizer()
    parts: dict[str, Any] = {
        "tokenizer": tokenizer,
        "scheduler": getattr(diffusers, configuration.scheduler)(**SCHEDULERS[configuration.scheduler]),
    }
    with _straight(device, dtype):
        parts["unet"] = UNet2DConditionModel(**configuration.unet).eval()
        parts["vae"] = AutoencoderKL(**configuration.vae).eval()
        parts["text_encoder"] = CLIPTextModel(CLIPTextConfig(**configuration.text_encoder)).eval()
        if configuration.text_encoder_2 is not None:
            config = CLIPTextConfig(**configuration.text_encoder_2)
            parts["text_encoder_2"] = CLIPTextModelWithProjection(config).eval()
    if configuration.text_encoder_2 is not None:
        return StableDiffusionXLPipeline(**parts, tokenizer_2=tokenizer, add_watermarker=False)
    return StableDiffusionPipeline(**parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False)


@contextlib.contextmanager
def _straight(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """New modules are made on the device in the dtype: SDXL in float32 would need twice the memory, and a copy."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            yield
    finally:
        torch.set_default_dtype(before)


def _tokenizer() -> CLIPTokenizer:
    """The birds' words, each one token; its ids lie within the published vocabulary."""
    tokenizer = new_tokenizer()
    tokenizer.model_max_length = 77
    return tokenizer


@torch.no_grad()
def _settle(made: Any, listen: bool) -> None:
    """Scale the last layers so that latents and ε have a standard deviation of about 1 and pictures have contrast:
    a comparison of grey with grey would always agree. ``listen``: random weights hardly hear the words."""
    unet, vae, device = made.unet, made.vae, made.unet.device
    if listen:
        for name, weight in unet.named_parameters():
            if "attn2.to_k" in name or "attn2.to_v" in name:
                weight *= 6
    noise = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=noise).to(device, unet.dtype)

    side = 8 * 2 ** (len(vae.config.block_out_channels) - 1)
    moments = vae.encode(drawn(1, 3, side, side)).latent_dist.mean
    _scale(vae.quant_conv, 1 / (vae.config.scaling_factor * float(moments.float().std())))
    latents = drawn(1, 4, 8, 8) / vae.config.scaling_factor
    _scale(vae.decoder.conv_out, 0.5 / float(vae.decode(latents).sample.float().std()))
    more: dict[str, Any] = {}
    if unet.config.addition_embed_type == "text_time":
        pooled = unet.config.projection_class_embeddings_input_dim - 6 * unet.config.addition_time_embed_dim
        more["added_cond_kwargs"] = {"text_embeds": drawn(1, pooled), "time_ids": drawn(1, 6)}
    words = drawn(1, 77, unet.config.cross_attention_dim)
    epsilon = unet(drawn(1, 4, 16, 16), 500, encoder_hidden_states=words, **more).sample
    _scale(unet.conv_out, 1 / float(epsilon.float().std()))


def _scale(layer: Any, factor: float) -> None:
    layer.weight.mul_(factor)
    layer.bias.mul_(factor)
