"""Loads a Stable Diffusion pipeline from a folder or the hub, safetensors only."""

from __future__ import annotations

from typing import Any

import torch

from diffex_cli.errors import UsageError
from diffex_cli.quiet import quiet_transformers


def pick_dtype(name: str, device: torch.device) -> torch.dtype:
    """``auto`` is float32 on the CPU and float16 elsewhere."""
    if name == "auto":
        return torch.float32 if device.type == "cpu" else torch.float16
    dtype: torch.dtype = getattr(torch, name)
    return dtype


def load_pipeline(source: str, revision: str, dtype: torch.dtype) -> Any:
    """A ``StableDiffusionPipeline`` without safety checker: a classifier's images are not for show,
    and a blackened picture would be scored like any other.

    Args:
        source: a folder in diffusers format, or a hub id.
        revision: of a hub id.
        dtype: of all weights.

    Raises:
        UsageError: there is no such model, it is of another kind, or a part of it is missing or torn.
    """
    with quiet_transformers():
        from diffusers import StableDiffusionPipeline
        from diffusers.utils import logging

        logging.disable_progress_bar()  # the stage has its own, and a script wants none
        _check_kind(source, revision)
        try:
            return StableDiffusionPipeline.from_pretrained(
                source,
                revision=revision,
                dtype=dtype,
                use_safetensors=True,
                safety_checker=None,
                feature_extractor=None,
                requires_safety_checker=False,
            )
        except OSError as error:
            reason = str(error).strip().splitlines()[0].rstrip(".")
            raise UsageError(
                f"the model {source!r} cannot be loaded ({reason}): give a complete one, with weights in safetensors"
            ) from error


def _check_kind(source: str, revision: str) -> None:
    from diffusers import StableDiffusionPipeline

    try:
        config = StableDiffusionPipeline.load_config(source, revision=revision)
    except OSError as error:
        raise UsageError(
            f"no diffusers model at {source!r}: give a folder with a model_index.json, or a hub id that can be reached"
        ) from error
    kind = config.get("_class_name")
    if kind != "StableDiffusionPipeline":
        raise UsageError(f"{source!r} is a {kind}; the ledits editor runs StableDiffusionPipeline models")
