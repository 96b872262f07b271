"""The editor ``flux2-klein``: FLUX.2 [klein], distilled to four steps."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import torch
from PIL import Image

from diffex_cli.editors.base import EditRequest
from diffex_cli.editors.pipelines.base import PipelineEditor
from diffex_cli.editors.pipelines.options import PipelineOptions


class Flux2KleinEditor(PipelineEditor[PipelineOptions]):
    """``flux2-klein[:MODEL][:key=value,…]``.

    ``guidance`` is the pipeline's ``guidance_scale``, which the distilled models ignore. For the base
    models give ``steps=50,guidance=4``.
    """

    name = "flux2-klein"
    model = "black-forest-labs/FLUX.2-klein-4B"
    kinds = ("Flux2KleinPipeline",)
    half = torch.bfloat16
    defaults = PipelineOptions(steps=4, guidance=1.0, batch=4, keep="Keep everything else unchanged")

    def company(self, request: EditRequest) -> Hashable:
        """The pipeline takes a list of images as several references of each edit, so only edits of one
        image can share a call."""
        return request.image

    def size(self, pipeline: Any, image: tuple[int, int]) -> tuple[int, int]:
        """Both sides are multiples of the auto-encoder's factor and the 2 × 2 patches: the pipeline
        would crop what is over."""
        factor = pipeline.vae_scale_factor
        return self._fit(image, pipeline.default_sample_size * factor, factor * 2)

    def arguments(
        self, options: PipelineOptions, images: Sequence[Image.Image], size: tuple[int, int]
    ) -> dict[str, Any]:
        """See :meth:`PipelineEditor.arguments`."""
        return {
            "image": images[0].resize(size, Image.Resampling.LANCZOS),
            "width": size[0],
            "height": size[1],
            "num_inference_steps": options.steps,
            "guidance_scale": options.guidance,
        }
