"""The editor ``inpaint:MODEL[:key=value,…]``."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from diffex_cli.core.domains import packaged
from diffex_cli.core.hierarchy import Term
from diffex_cli.core.machine import pick_device, refuse_missing_folder
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import need_model
from diffex_cli.editors.base import EditRequest, EditResult, Settled, failed
from diffex_cli.editors.inpaint.loading import load_pipeline
from diffex_cli.editors.inpaint.options import check_overrides, parse_options
from diffex_cli.editors.models.batching import ends_the_run, first_line
from diffex_cli.editors.models.loading import part_digest, pick_dtype, quiet_diffusers
from diffex_cli.editors.models.seeds import image_seed
from diffex_cli.editors.models.sizes import fit, restore

_VERSION = 2
"""Raised when a change to this editor changes pixels; part of the fingerprint."""


class InpaintEditor(Settled):
    """See :class:`~diffex_cli.editors.base.Editor`. The region is the mask M1 of the attributes' words; the stock
    inpainting pipeline fills it. An added attribute's words are the prompt, a removed one's the negative prompt. The
    baseline is the auto-encoder's reconstruction of the whole picture, which is also what the pipeline makes of
    everything outside the region. ``spec``: ``inpaint:FOLDER`` or ``inpaint:HUB/ID``, a Stable Diffusion (XL) model,
    made for inpainting or not; ``inpaint:birds`` is the one that ships with diffex."""

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        self._name, self._device = need_model(spec, "inpaint:FOLDER or inpaint:HUB/ID"), device
        self._folder = packaged("diffusion") if spec.model == "birds" else Path(spec.model)
        self._options = parse_options(spec)
        refuse_missing_folder(self._name, spec.text)

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        local = self._folder.is_dir()
        return {
            "editor": "inpaint",
            "version": _VERSION,
            "model": self._folder.name if local and self._name != "birds" else self._name,
            "weights": part_digest(str(self._folder)) if local else None,
            **dataclasses.asdict(self._options),
        }

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        check_overrides(requests, self._options.steps)
        for request in requests:
            started = time.perf_counter()
            try:
                with quiet_diffusers():
                    made = self._edit(images[request.image], request, seed)
            except Exception as error:  # out of memory, say, or a size that the U-Net cannot take
                if ends_the_run(error):
                    raise
                yield failed(request.key, f"{type(error).__name__}: {first_line(error)}")
                continue
            yield dataclasses.replace(made, seconds=time.perf_counter() - started)

    @functools.cached_property
    def _pipeline(self) -> Any:
        device = pick_device(self._device)
        source = str(self._folder) if self._folder.is_dir() else self._name
        return load_pipeline(source, self._options.revision, device, pick_dtype(self._options.dtype, device))

    def _edit(self, original: Image.Image, request: EditRequest, seed: int) -> EditResult:
        from diffex_cli.editors.inpaint.region import round_trip
        from diffex_cli.editors.ledits.guidance import MASK_NOT_FINITE

        picture = original.resize(self._target_size(original), Image.Resampling.LANCZOS)
        mask: Image.Image | None = None
        if request.candidate.terms:
            own_seed = image_seed(seed, request.image)
            mask = self._mask(picture, request.candidate.terms, own_seed)
            if mask is None:
                return failed(request.key, MASK_NOT_FINITE)
            pixels = self._fill(picture, mask, request.candidate.terms, own_seed)
            mask = mask.resize(original.size, Image.Resampling.NEAREST)
        else:
            pixels = round_trip(self._pipeline, picture)
        if not np.isfinite(pixels).all():
            return failed(request.key, "the edited pixels are not finite")
        edited = Image.fromarray((pixels * 255).round().astype(np.uint8))
        return EditResult(request.key, "ok", restore(edited, original.size), 0.0, mask=mask)

    def _target_size(self, image: Image.Image) -> tuple[int, int]:
        factor = int(self._pipeline.vae_scale_factor)
        native = self._pipeline.unet.config.sample_size
        longer = (native if isinstance(native, int) else max(native)) * factor
        return fit(image.size, self._options.size or longer, factor * 4)

    def _mask(self, picture: Image.Image, terms: Sequence[Term], seed: int) -> Image.Image | None:
        """``None`` if it is not finite."""
        from diffex_cli.editors.inpaint.region import attended_region, pixel_mask

        words = [term.place for term in terms]
        thresholds = [float(term.overrides.get("threshold", self._options.threshold)) for term in terms]
        region = attended_region(self._pipeline, picture, words, thresholds, self._options.mask_at, seed)
        return pixel_mask(region, picture.size, self._options.dilate) if bool(region.isfinite().all()) else None

    def _fill(self, picture: Image.Image, mask: Image.Image, terms: Sequence[Term], seed: int) -> Any:
        """Float in [0, 1], shape (height, width, 3)."""
        import torch

        output = self._pipeline(
            prompt=", ".join(term.prompt for term in terms if not term.remove),
            negative_prompt=", ".join(term.prompt for term in terms if term.remove) or None,
            image=picture,
            mask_image=mask,
            height=picture.height,
            width=picture.width,
            strength=self._largest(terms, "strength"),
            num_inference_steps=self._options.steps,
            guidance_scale=self._largest(terms, "guidance"),
            generator=torch.Generator().manual_seed(seed),
            output_type="np",
        )
        return output.images[0]

    def _largest(self, terms: Sequence[Term], key: str) -> float:
        return max(float(term.overrides.get(key, getattr(self._options, key))) for term in terms)
