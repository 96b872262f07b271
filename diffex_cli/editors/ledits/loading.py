"""Loads a Stable Diffusion pipeline from a folder or the hub, safetensors only."""

from __future__ import annotations

from typing import Any

import torch

from diffex_cli.errors import UsageError


def pick_dtype(name: str, device: torch.device) -> torch.dtype:
    """``auto`` is float32 on the CPU and float16 elsewhere."""
    if name == "auto":
        return torch.float32 if device.type == "cpu" else torch.float16
    dtype: torch.dtype = getattr(torch, name)
    return dtype


def load_pipeline(source: str, revision: str) -> Any:
    """A ``StableDiffusionPipeline`` without safety checker: a classifier's images are not for show,
    and a blackened picture would be scored like any other.

    Args:
        source: a folder in diffusers format, or a hub id.
        revision: of a hub id.

    Raises:
        UsageError: there is no such model, or it is of another kind.
    """
    from diffusers import StableDiffusionPipeline

    try:
        config = StableDiffusionPipeline.load_config(source, revision=revision)
    except OSError as error:
        raise UsageError(
            f"no diffusers model at {source!r}: give a folder with a model_index.json, or a hub id that can be reached"
        ) from error
    if config.get("_class_name") != "StableDiffusionPipeline":
        raise UsageError(
            f"{source!r} is a {config.get('_class_name')}; the ledits editor runs StableDiffusionPipeline models"
        )
    return StableDiffusionPipeline.from_pretrained(
        source,
        revision=revision,
        torch_dtype=torch.float32,
        use_safetensors=True,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
