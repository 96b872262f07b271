"""The editor ``instruct``: InstructPix2Pix, on Stable Diffusion or Stable Diffusion XL."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image

from diffex_cli.editors.pipelines.base import PipelineEditor
from diffex_cli.editors.pipelines.options import PipelineOptions


@dataclasses.dataclass(frozen=True)
class InstructOptions(PipelineOptions):
    """A corpus node may override ``image_guidance`` too.

    Attributes:
        image_guidance: how strongly the picture holds on to its input. Without effect where
            ``guidance`` is 1, since the pipeline then runs without any guidance.
    """

    image_guidance: float = 1.5


class InstructEditor(PipelineEditor[InstructOptions]):
    """``instruct[:MODEL][:key=value,…]``: Brooks et al., "InstructPix2Pix", CVPR 2023.

    ``guidance`` is the pipelines' ``guidance_scale``. The no-op instruction is the empty prompt: with
    it, both of the classifier-free differences over the instruction vanish.
    """

    name = "instruct"
    model = "timbrooks/instruct-pix2pix"
    kinds = ("StableDiffusionInstructPix2PixPipeline", "StableDiffusionXLInstructPix2PixPipeline")
    half = torch.float16
    defaults = InstructOptions(steps=20, guidance=7.5, noop="", batch=4)

    def size(self, pipeline: Any, image: tuple[int, int]) -> tuple[int, int]:
        """Both sides are whole numbers of cells at the U-Net's coarsest level."""
        factor = pipeline.vae_scale_factor
        levels = len(pipeline.unet.config.block_out_channels)
        return self._fit(image, pipeline.unet.config.sample_size * factor, factor * 2 ** (levels - 1))

    def arguments(
        self, options: InstructOptions, images: Sequence[Image.Image], size: tuple[int, int]
    ) -> dict[str, Any]:
        """See :meth:`PipelineEditor.arguments`; only the XL pipeline takes a size."""
        arguments: dict[str, Any] = {
            "image": [image.resize(size, Image.Resampling.LANCZOS) for image in images],
            "num_inference_steps": options.steps,
            "guidance_scale": options.guidance,
            "image_guidance_scale": options.image_guidance,
        }
        if hasattr(self._pipeline, "text_encoder_2"):
            arguments.update(width=size[0], height=size[1])
        return arguments
