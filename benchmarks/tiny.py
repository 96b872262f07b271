"""Stable Diffusion and SDXL pipelines of the real classes, tiny, with random weights.

They edit nothing well, but every number that the engine computes on them can be compared with the stock
pipelines' in a second.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from diffex_cli.core.machine import quiet_transformers
from training.words import new_tokenizer

with quiet_transformers():
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        StableDiffusionPipeline,
        StableDiffusionXLPipeline,
        UNet2DConditionModel,
    )


def _text_config(tokenizer: CLIPTokenizer, **changes: Any) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=tokenizer.model_max_length,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **changes,
    )


def _unet(**changes: Any) -> UNet2DConditionModel:
    settings = {"cross_attention_dim": 16, "attention_head_dim": 2, **changes}
    unet = UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(8, 16, 16),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        norm_num_groups=4,
        **settings,
    ).eval()
    with torch.no_grad():
        for name, weight in unet.named_parameters():
            if "attn2.to_k" in name or "attn2.to_v" in name:
                weight *= 6  # random weights hardly listen to words, and an edit without effect compares nothing
    return unet


def _vae(**changes: Any) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        latent_channels=4,
        scaling_factor=25.0,
        norm_num_groups=4,
        sample_size=64,
        **changes,
    ).eval()


def _scheduler(prediction_type: str) -> DDIMScheduler:
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type=prediction_type,
    )


def tiny_sd(prediction_type: str = "epsilon") -> StableDiffusionPipeline:
    """A new one each time: the stock pipelines replace the attention processors of what they are given."""
    torch.manual_seed(0)
    tokenizer = new_tokenizer()
    return StableDiffusionPipeline(
        text_encoder=CLIPTextModel(_text_config(tokenizer)).eval(),
        tokenizer=tokenizer,
        unet=_unet(),
        vae=_vae(),
        scheduler=_scheduler(prediction_type),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def tiny_sdxl(prediction_type: str = "epsilon") -> StableDiffusionXLPipeline:
    """As :func:`tiny_sd`, with SDXL's two text encoders, pooled embedding and time ids."""
    torch.manual_seed(0)
    tokenizer = new_tokenizer()
    return StableDiffusionXLPipeline(
        text_encoder=CLIPTextModel(_text_config(tokenizer)).eval(),
        text_encoder_2=CLIPTextModelWithProjection(_text_config(tokenizer, projection_dim=16)).eval(),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=_unet(
            cross_attention_dim=32,
            attention_head_dim=(1, 2, 2),
            transformer_layers_per_block=(1, 1, 2),
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + 16,
            use_linear_projection=True,
        ),
        vae=_vae(force_upcast=True),
        scheduler=_scheduler(prediction_type),
        add_watermarker=False,
    )
