"""The editor ``flux-kontext``: FLUX.1 Kontext."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from diffex_cli.editors.pipelines.base import PipelineEditor
from diffex_cli.editors.pipelines.options import PipelineOptions


class FluxKontextEditor(PipelineEditor[PipelineOptions]):
    """``flux-kontext[:MODEL][:key=value,…]``: Black Forest Labs, "FLUX.1 Kontext", arXiv 2506.15742.

    ``guidance`` is the pipeline's ``guidance_scale``, which the model was distilled to follow.
    """

    name = "flux-kontext"
    model = "black-forest-labs/FLUX.1-Kontext-dev"
    kinds = ("FluxKontextPipeline",)
    half = torch.bfloat16
    defaults = PipelineOptions(steps=28, guidance=2.5, keep="Keep everything else unchanged")

    def size(self, pipeline: Any, image: tuple[int, int]) -> tuple[int, int]:
        """Of the resolutions that the model was trained on, the one of the nearest aspect, unless the
        options give a size."""
        if self._options.size:
            return self._fit(image, 0, pipeline.vae_scale_factor * 2)
        from diffusers.pipelines.flux.pipeline_flux_kontext import PREFERRED_KONTEXT_RESOLUTIONS

        aspect = image[0] / image[1]
        _, width, height = min((abs(aspect - w / h), w, h) for w, h in PREFERRED_KONTEXT_RESOLUTIONS)
        return width, height

    def arguments(
        self, options: PipelineOptions, images: Sequence[Image.Image], size: tuple[int, int]
    ) -> dict[str, Any]:
        """See :meth:`PipelineEditor.arguments`. Left alone, the pipeline would answer with a square."""
        return {
            "image": [image.resize(size, Image.Resampling.LANCZOS) for image in images],
            "width": size[0],
            "height": size[1],
            "max_area": size[0] * size[1],
            "_auto_resize": False,
            "num_inference_steps": options.steps,
            "guidance_scale": options.guidance,
        }
