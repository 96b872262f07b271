"""Loads the inpainting pipeline that suits a checkpoint, safetensors only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch

from diffex_cli.errors import UsageError
from diffex_cli.quiet import quiet_transformers

_PIPELINES = {
    "StableDiffusionPipeline": "StableDiffusionInpaintPipeline",
    "StableDiffusionInpaintPipeline": "StableDiffusionInpaintPipeline",
    "StableDiffusionXLPipeline": "StableDiffusionXLInpaintPipeline",
    "StableDiffusionXLInpaintPipeline": "StableDiffusionXLInpaintPipeline",
}
"""The checkpoint's class → the pipeline that inpaints with its parts."""


@contextlib.contextmanager
def quiet_diffusers() -> Iterator[None]:
    """Without diffusers' remarks, which come with every edit: SDXL's pipeline turns its auto-encoder to float32 and
    back, and diffusers warns of its own doing."""
    from diffusers.utils import logging

    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


def load_pipeline(source: str, revision: str, device: torch.device, dtype: torch.dtype) -> Any:
    """A ``StableDiffusion(XL)InpaintPipeline`` on its device, without safety checker and watermark: both would change
    pixels that a classifier is to judge.

    Args:
        source: a folder in diffusers format, or a hub id.
        revision: of a hub id.
        device: where it runs.
        dtype: of all weights.

    Raises:
        UsageError: there is no such model, it is of another kind, or a part of it is missing or torn.
    """
    with quiet_transformers():
        import diffusers
        from diffusers.utils import logging
        from safetensors import SafetensorError

        logging.disable_progress_bar()  # the stage has its own, and a script wants none
        name = _PIPELINES[_checked_kind(source, revision)]
        extra: dict[str, Any] = (
            {"add_watermarker": False}
            if "XL" in name
            else {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
        )
        try:
            pipeline = getattr(diffusers, name).from_pretrained(
                source, revision=revision, dtype=dtype, use_safetensors=True, **extra
            )
        except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:  # by what is missing or torn
            reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
            raise UsageError(
                f"the model {source!r} cannot be loaded ({reason}): give a complete one, with weights in safetensors"
            ) from error
    _check_parts(source, pipeline)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def _checked_kind(source: str, revision: str) -> str:
    from diffusers import DiffusionPipeline

    try:
        config = DiffusionPipeline.load_config(source, revision=revision)
    except OSError as error:
        raise UsageError(
            f"no diffusers model at {source!r}: give a folder with a model_index.json, or a hub id that can be reached"
        ) from error
    kind = str(config.get("_class_name"))
    if kind not in _PIPELINES:
        raise UsageError(f"{source!r} is a {kind}; the inpaint editor runs {', '.join(_PIPELINES)} models")
    return kind


def _check_parts(source: str, pipeline: Any) -> None:
    channels = int(pipeline.unet.config.in_channels)
    if channels not in (4, 9):
        raise UsageError(f"the U-Net of {source!r} takes {channels} channels; inpainting needs one that takes 4 or 9")
    if not hasattr(pipeline.scheduler, "alphas_cumprod"):
        kind = type(pipeline.scheduler).__name__
        raise UsageError(f"the scheduler of {source!r}, {kind}, has no alphas_cumprod: give a model with another")
