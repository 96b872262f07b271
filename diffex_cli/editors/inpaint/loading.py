"""Loads the inpainting pipeline that suits a checkpoint, safetensors only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diffex_cli.core.errors import UsageError
from diffex_cli.editors.models.loading import NO_CHECKER, NO_WATERMARK, load_whole, pipeline_kind

if TYPE_CHECKING:
    import torch

_PIPELINES = {
    "StableDiffusionPipeline": "StableDiffusionInpaintPipeline",
    "StableDiffusionInpaintPipeline": "StableDiffusionInpaintPipeline",
    "StableDiffusionXLPipeline": "StableDiffusionXLInpaintPipeline",
    "StableDiffusionXLInpaintPipeline": "StableDiffusionXLInpaintPipeline",
}
"""The checkpoint's class → the pipeline that inpaints with its parts."""


def load_pipeline(source: str, revision: str, device: torch.device, dtype: torch.dtype) -> Any:
    """A ``StableDiffusion(XL)InpaintPipeline`` on its device, without safety checker and watermark: both would change
    pixels that a classifier is to judge."""
    kind = pipeline_kind(source, revision)
    if kind not in _PIPELINES:
        raise UsageError(f"{source!r} is a {kind}; the inpaint editor runs {', '.join(_PIPELINES)} models")
    name = _PIPELINES[kind]
    pipeline = load_whole(name, source, revision, dtype, **(NO_WATERMARK if "XL" in name else NO_CHECKER))
    _check_parts(source, pipeline)
    return pipeline.to(device)


def _check_parts(source: str, pipeline: Any) -> None:
    channels = int(pipeline.unet.config.in_channels)
    if channels not in (4, 9):
        raise UsageError(f"the U-Net of {source!r} takes {channels} channels; inpainting needs one that takes 4 or 9")
    if not hasattr(pipeline.scheduler, "alphas_cumprod"):
        kind = type(pipeline.scheduler).__name__
        raise UsageError(f"the scheduler of {source!r}, {kind}, has no alphas_cumprod: give a model with another")
