"""The editor ``qwen-edit``: Qwen-Image-Edit."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import torch
from PIL import Image

from diffex_cli.editors.base import EditRequest
from diffex_cli.editors.pipelines.base import PipelineEditor
from diffex_cli.editors.pipelines.options import PipelineOptions

_AREA = 1024 * 1024


class QwenEditEditor(PipelineEditor[PipelineOptions]):
    """``qwen-edit[:MODEL][:key=value,…]``: "Qwen-Image Technical Report", arXiv 2508.02324.

    ``guidance`` is the pipelines' ``true_cfg_scale``; above 1 every step runs twice.
    """

    name = "qwen-edit"
    model = "Qwen/Qwen-Image-Edit-2509"
    kinds = ("QwenImageEditPlusPipeline", "QwenImageEditPipeline")
    half = torch.bfloat16
    frames = True
    needs = ("torchvision",)
    defaults = PipelineOptions(steps=40, guidance=4.0, keep="Keep everything else unchanged")

    def company(self, request: EditRequest) -> Hashable:
        """The pipelines take one edit a call."""
        return request.key

    def size(self, pipeline: Any, image: tuple[int, int]) -> tuple[int, int]:
        """The pipelines' own: an area of one megapixel, unless the options give the longer side."""
        if self._options.size:
            return self._fit(image, 0, pipeline.vae_scale_factor * 2)
        from diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus import calculate_dimensions

        width, height = calculate_dimensions(_AREA, image[0] / image[1])
        return width, height

    def arguments(
        self, options: PipelineOptions, images: Sequence[Image.Image], size: tuple[int, int]
    ) -> dict[str, Any]:
        """See :meth:`PipelineEditor.arguments`. The pipelines resize the input for their two encoders
        themselves, and guide only against a negative prompt."""
        arguments: dict[str, Any] = {
            "image": images[0],
            "width": size[0],
            "height": size[1],
            "num_inference_steps": options.steps,
            "true_cfg_scale": options.guidance,
        }
        if options.guidance > 1:
            arguments["negative_prompt"] = " "
        return arguments
