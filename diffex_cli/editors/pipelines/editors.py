"""The editor ``instruct``: InstructPix2Pix, on Stable Diffusion or Stable Diffusion XL."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from typing import Any

from PIL import Image

from diffex_cli.core.spec_options import number
from diffex_cli.editors.base import EditRequest
from diffex_cli.editors.pipelines.base import PipelineEditor
from diffex_cli.editors.pipelines.options import PipelineOptions


@dataclasses.dataclass(frozen=True)
class InstructOptions(PipelineOptions):
    """A corpus node may override ``image_guidance`` too. ``image_guidance``: how strongly the picture holds on to its
    input. Without effect where ``guidance`` is 1, since the pipeline then runs without any guidance."""

    image_guidance: float = number(1.5, 1, 100)


class InstructEditor(PipelineEditor[InstructOptions]):
    """``instruct[:MODEL][:key=value,…]``: Brooks et al., "InstructPix2Pix", CVPR 2023. ``guidance`` is the pipelines'
    ``guidance_scale``. The no-op instruction is the empty prompt: with it, both of the classifier-free differences over
    the instruction vanish."""

    name = "instruct"
    model = "timbrooks/instruct-pix2pix"
    kinds = ("StableDiffusionInstructPix2PixPipeline", "StableDiffusionXLInstructPix2PixPipeline")
    half = "float16"
    defaults = InstructOptions(steps=20, guidance=7.5, noop="", batch=4)

    def size(self, pipeline: Any, image: tuple[int, int]) -> tuple[int, int]:
        """Both sides are whole numbers of cells at the U-Net's coarsest level."""
        factor = pipeline.vae_scale_factor
        levels = len(pipeline.unet.config.block_out_channels)
        return self._fit(image, pipeline.unet.config.sample_size * factor, factor * 2 ** (levels - 1))

    def arguments(
        self, options: InstructOptions, images: Sequence[Image.Image], size: tuple[int, int]
    ) -> dict[str, Any]:
        """Only the XL pipeline takes a size."""
        arguments = super().arguments(options, images, size) | {"image_guidance_scale": options.image_guidance}
        if not hasattr(self._pipeline, "text_encoder_2"):
            del arguments["width"], arguments["height"]
        return arguments


class Flux2KleinEditor(PipelineEditor[PipelineOptions]):
    """``flux2-klein[:MODEL][:key=value,…]``. ``guidance`` is the pipeline's ``guidance_scale``, which the distilled
    models ignore. For the base models give ``steps=50,guidance=4``."""

    name = "flux2-klein"
    model = "black-forest-labs/FLUX.2-klein-4B"
    kinds = ("Flux2KleinPipeline",)
    half = "bfloat16"
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
        return super().arguments(options, images, size) | {"image": images[0].resize(size, Image.Resampling.LANCZOS)}


class FluxKontextEditor(PipelineEditor[PipelineOptions]):
    """``flux-kontext[:MODEL][:key=value,…]``: Black Forest Labs, "FLUX.1 Kontext", arXiv 2506.15742. ``guidance`` is
    the pipeline's ``guidance_scale``, which the model was distilled to follow."""

    name = "flux-kontext"
    model = "black-forest-labs/FLUX.1-Kontext-dev"
    kinds = ("FluxKontextPipeline",)
    half = "bfloat16"
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
        """Left alone, the pipeline would answer with a square."""
        return super().arguments(options, images, size) | {"max_area": size[0] * size[1], "_auto_resize": False}


_AREA = 1024 * 1024


class QwenEditEditor(PipelineEditor[PipelineOptions]):
    """``qwen-edit[:MODEL][:key=value,…]``: "Qwen-Image Technical Report", arXiv 2508.02324. ``guidance`` is the
    pipelines' ``true_cfg_scale``; above 1 every step runs twice."""

    name = "qwen-edit"
    model = "Qwen/Qwen-Image-Edit-2509"
    kinds = ("QwenImageEditPlusPipeline", "QwenImageEditPipeline")
    half = "bfloat16"
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
        """The pipelines resize the input themselves, for two encoders, and guide only against a negative prompt."""
        arguments = super().arguments(options, images, size) | {"image": images[0]}
        arguments["true_cfg_scale"] = arguments.pop("guidance_scale")
        return arguments | ({"negative_prompt": " "} if options.guidance > 1 else {})
