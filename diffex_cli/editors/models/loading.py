"""Loading whole diffusers pipelines, safetensors only: what the editors that run stock pipelines share."""

from __future__ import annotations

from typing import Any

import torch

from diffex_cli.core.errors import UsageError
from diffex_cli.core.machine import quiet_transformers


def pick_dtype(name: str, device: torch.device, half: torch.dtype = torch.float16) -> torch.dtype:
    """``auto`` is float32 on the CPU and ``half`` elsewhere."""
    if name == "auto":
        return torch.float32 if device.type == "cpu" else half
    dtype: torch.dtype = getattr(torch, name)
    return dtype


def pipeline_kind(source: str, revision: str) -> str:
    """The pipeline class that a checkpoint names."""
    with quiet_transformers():
        from diffusers import DiffusionPipeline

        try:
            config = DiffusionPipeline.load_config(source, revision=revision)
        except OSError as error:
            raise UsageError(
                f"no diffusers model at {source!r}: give a folder with a model_index.json, or a hub id that can be "
                "reached"
            ) from error
    return str(config.get("_class_name"))


def load_whole(kind: str, source: str, revision: str, dtype: torch.dtype, **parts: Any) -> Any:
    """A pipeline without progress bar, safety checker and watermark: a classifier's images are not for show, and what
    those two draw would be scored like any edit. ``parts``: further arguments of ``from_pretrained``, such as
    components to leave out."""
    with quiet_transformers():
        import diffusers
        from diffusers.utils import logging

        logging.disable_progress_bar()  # the stage has its own, and a script wants none
        try:
            pipeline = getattr(diffusers, kind).from_pretrained(
                source, revision=revision, dtype=dtype, use_safetensors=True, **parts
            )
        except Exception as error:  # of many kinds, by what is missing or torn
            reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(" .:")
            raise UsageError(
                f"the model {source!r} cannot be loaded ({reason}): give a complete one, with weights in safetensors"
            ) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


NO_CHECKER = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
"""Leaves Stable Diffusion's safety checker out."""

NO_WATERMARK = {"add_watermarker": False}
"""Leaves SDXL's watermark out."""
