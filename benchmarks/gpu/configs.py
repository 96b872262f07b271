"""The published configurations of Stable Diffusion 1.5 and SDXL 1.0, as data: what the weights' shapes follow from.

Source: the ``config.json`` files of ``stable-diffusion-v1-5/stable-diffusion-v1-5`` and
``stabilityai/stable-diffusion-xl-base-1.0``; the VAE of SDXL as in ``madebyollin/sdxl-vae-fp16-fix``, which need not
be upcast: the stock pipeline crashes in float16 with one that must.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class Configuration:
    """One model's parts. ``text_encoder_2`` is there in SDXL alone."""

    unet: Mapping[str, Any]
    vae: Mapping[str, Any]
    text_encoder: Mapping[str, Any]
    scheduler: str
    text_encoder_2: Mapping[str, Any] | None = None


_NOISE: Mapping[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "steps_offset": 1,
}

SCHEDULERS: Mapping[str, Mapping[str, Any]] = {
    "PNDMScheduler": {**_NOISE, "set_alpha_to_one": False, "skip_prk_steps": True},
    "EulerDiscreteScheduler": {**_NOISE, "timestep_spacing": "leading", "interpolation_type": "linear"},
}

_VAE: Mapping[str, Any] = {
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": 4,
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "norm_num_groups": 32,
    "act_fn": "silu",
}

_CLIP: Mapping[str, Any] = {
    "vocab_size": 49408,
    "max_position_embeddings": 77,
    "layer_norm_eps": 1e-5,
    "attention_dropout": 0.0,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "pad_token_id": 1,
}

_VIT_L: Mapping[str, Any] = {
    **_CLIP,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "hidden_act": "quick_gelu",
    "projection_dim": 768,
}

_BIG_G: Mapping[str, Any] = {
    **_CLIP,
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "hidden_act": "gelu",
    "projection_dim": 1280,
}

_UNET: Mapping[str, Any] = {
    "in_channels": 4,
    "out_channels": 4,
    "layers_per_block": 2,
    "norm_num_groups": 32,
    "norm_eps": 1e-5,
    "act_fn": "silu",
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "downsample_padding": 1,
}

CONFIGURATIONS: Mapping[str, Configuration] = {
    "sd15": Configuration(
        unet={
            **_UNET,
            "sample_size": 64,
            "block_out_channels": (320, 640, 1280, 1280),
            "down_block_types": (*("CrossAttnDownBlock2D",) * 3, "DownBlock2D"),
            "up_block_types": ("UpBlock2D", *("CrossAttnUpBlock2D",) * 3),
            "cross_attention_dim": 768,
            "attention_head_dim": 8,
        },
        vae={**_VAE, "sample_size": 512, "scaling_factor": 0.18215},
        text_encoder=_VIT_L,
        scheduler="PNDMScheduler",
    ),
    "sdxl": Configuration(
        unet={
            **_UNET,
            "sample_size": 128,
            "block_out_channels": (320, 640, 1280),
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            "transformer_layers_per_block": (1, 2, 10),
            "cross_attention_dim": 2048,
            "attention_head_dim": (5, 10, 20),
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": 2816,
        },
        vae={**_VAE, "sample_size": 1024, "scaling_factor": 0.13025, "force_upcast": False},
        text_encoder=_VIT_L,
        text_encoder_2=_BIG_G,
        scheduler="EulerDiscreteScheduler",
    ),
}
