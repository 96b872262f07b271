"""The ``ledits`` editor: LEDITS++ on any Stable Diffusion or SDXL model."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image

from diffex_cli.artifacts.keys import digest
from diffex_cli.core.domains import packaged
from diffex_cli.core.hierarchy import Candidate, Term
from diffex_cli.core.machine import pick_device, refuse_missing_folder
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import need_model, ranges
from diffex_cli.editors.base import EditRequest, EditResult, Listener, Settled, failed
from diffex_cli.editors.ledits.loading import ModelSource, load_pipeline, source_digest
from diffex_cli.editors.ledits.masking import Masking
from diffex_cli.editors.ledits.options import (
    BIRDS_DEFAULTS,
    BIRDS_PRESETS,
    CONCEPT_SETTINGS,
    PRESETS,
    LeditsOptions,
    parse_options,
)
from diffex_cli.editors.models.batching import Batches, RowLimit, split
from diffex_cli.editors.models.loading import pick_dtype
from diffex_cli.editors.models.sizes import fit, restore
from diffex_cli.editors.options import check_overrides

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from diffex_cli.editors.ledits.editing import Concept
    from diffex_cli.editors.ledits.inversions import Inversions
    from diffex_cli.editors.ledits.model import DiffusionModel
    from diffex_cli.editors.ledits.solver import Schedule

_ENGINE_VERSION = 3
"""Raised when a change to the engine changes pixels; part of the fingerprint."""


class LeditsEditor(Settled):
    """See :class:`~diffex_cli.editors.base.Editor`. ``ledits:birds`` is the model that ships with diffex;
    ``ledits:FOLDER``, ``ledits:HUB/ID`` and ``ledits:FILE.safetensors`` are any Stable Diffusion or SDXL model. An
    image is inverted once, on the empty prompt, and its inversion kept on disk. The baseline of its effects is the
    auto-encoder's reconstruction, which the inversion reaches exactly."""

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        model = need_model(spec, "ledits:birds, ledits:FOLDER or ledits:HUB/ID")
        birds = model == "birds"
        defaults, presets = (BIRDS_DEFAULTS, BIRDS_PRESETS) if birds else (LeditsOptions(), PRESETS)
        self._options = parse_options(spec, defaults, presets)
        if not model.endswith(".safetensors"):
            refuse_missing_folder(model, spec.text)
        self._source = ModelSource(
            model=str(packaged("diffusion")) if birds else model,
            revision=self._options.revision,
            variant=self._options.variant,
            config=self._options.config,
            vae=self._options.vae,
            lora=self._options.lora,
        )
        self._device = device
        self._told: Listener = lambda work, amount: None

    def tell(self, listener: Listener) -> None:
        """See :class:`~diffex_cli.editors.base.TellingEditor`."""
        self._told = listener

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        """What the fingerprint is made of; what changes no more than a rounding (such as ``rows`` and the device)
        is left out."""
        return {"editor": "ledits", "engine": _ENGINE_VERSION, **self._options.pixels(), **self._source_digest}

    @functools.cached_property
    def _source_digest(self) -> Mapping[str, object]:
        """Reads all of a local model's files: gigabytes, so only once."""
        return source_digest(self._source)

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        check_overrides("ledits", requests, ranges(LeditsOptions, CONCEPT_SETTINGS))
        by_size: dict[tuple[int, int], list[EditRequest]] = {}
        for request in requests:
            by_size.setdefault(self._target_size(images[request.image]), []).append(request)
        batches = Batches(
            run=lambda batch: self._edit_batch(images, batch, seed),
            split=self._split,
            lower=lambda edits: self._limit.halve(),
            no_memory="out of memory even with one edit at a time: give a smaller size=, or dtype=float16",
        )
        for group in by_size.values():
            yield from batches.results(group)

    @functools.cached_property
    def _model(self) -> DiffusionModel:
        from diffex_cli.editors.ledits.model import DiffusionModel

        device = pick_device(self._device)
        pipeline = self._load(device)
        compile_rows = (lambda: self._limit.rows) if self._options.compile else None
        model = DiffusionModel(pipeline, device, self._options.channels_last, compile_rows)
        self._told("load", 1)
        return model

    def _load(self, device: torch.device) -> Any:
        """The diffusers pipeline."""
        return load_pipeline(self._source, pick_dtype(self._options.dtype, device))

    @functools.cached_property
    def _limit(self) -> RowLimit:
        device = pick_device(self._device)
        return RowLimit(digest([self.settings, str(device)]), device, self._options.rows)

    @functools.cached_property
    def _schedule(self) -> Schedule:
        return self._model.schedule(self._options.steps, self._options.start_timestep())

    @functools.cached_property
    def _inversions(self) -> Inversions:
        from diffex_cli.editors.ledits.cache import default_cache
        from diffex_cli.editors.ledits.inversions import Inversions

        options = self._options
        identity = [
            _ENGINE_VERSION,
            self._source_digest,
            options.steps,
            options.start_timestep(),
            str(self._model.dtype),
        ]
        cache, told = default_cache(), lambda: self._told("image", 1)
        return Inversions(self._model, self._schedule, cache, self._limit, identity, told)

    def _target_size(self, image: Image.Image) -> tuple[int, int]:
        return fit(image.size, self._options.size or self._model.native_size, self._model.image_multiple)

    def _split(self, requests: Sequence[EditRequest]) -> list[list[EditRequest]]:
        return split(requests, [self._cost(request.candidate) for request in requests], self._limit.rows)

    def _cost(self, candidate: Candidate) -> int:
        """The U-Net rows of a step."""
        from diffex_cli.editors.ledits.editing import cancels_empty

        concepts = self._concepts(candidate)
        return max(1, len(concepts) + (not cancels_empty(concepts, self._masking)))

    @property
    def _masking(self) -> Masking:
        return self._options.masking(self._model.is_xl)

    def _edit_batch(
        self, images: Mapping[str, Image.Image], batch: Sequence[EditRequest], seed: int
    ) -> list[EditResult]:
        """Edits of one latent size."""
        from diffex_cli.editors.ledits.editing import Row, edit
        from diffex_cli.editors.ledits.guidance import MASK_NOT_FINITE

        self._told("edit", 0)  # what was done since the last step, decoding above all
        inversions = self._inversions.of([request.image for request in batch], images, self._target_size, seed)
        rows = [Row(inversions[request.image], self._concepts(request.candidate)) for request in batch]
        masking, zeroed = self._masking, self._options.zeroed(self._model.is_xl)
        edited = edit(
            self._schedule, rows, self._model.predict, masking, zeroed, lambda share: self._told("edit", share)
        )
        results = []
        pictures = self._model.decode(edited.latents)
        for request, row, picture, mask in zip(batch, rows, pictures, edited.masks, strict=True):
            if picture is None or not bool(mask.isfinite().all()):
                sound = bool(row.inversion.z.isfinite().all()) and not bool(mask.isfinite().all())
                results.append(failed(request.key, MASK_NOT_FINITE if sound else _NOT_FINITE))
                continue
            size = images[request.image].size
            bounds = _mask_picture(mask, size) if request.candidate.terms and masking.kind != "none" else None
            results.append(EditResult(request.key, "ok", restore(picture, size), 0.0, mask=bounds))
        return results

    def _concepts(self, candidate: Candidate) -> tuple[Concept, ...]:
        concepts = []
        for term in candidate.terms:
            concepts.append(self._concept(term, term.prompt, -1 if term.remove else 1))
            if term.replaces:
                concepts.append(self._concept(term, term.replaces, -1))
        return tuple(concepts)

    def _concept(self, term: Term, prompt: str, sign: int) -> Concept:
        from diffex_cli.editors.ledits.editing import Concept

        options = {key: term.overrides.get(key, getattr(self._options, key)) for key in CONCEPT_SETTINGS}
        return Concept(
            prompt=prompt,
            token_count=self._model.token_count(prompt),
            guidance=sign * options["guidance"],
            threshold=options["threshold"],
            warmup=int(options["warmup"]),
            cooldown=int(options["cooldown"]) or self._options.steps,
        )


_NOT_FINITE = (
    "the edited picture is not finite: in half precision give dtype=bfloat16, or for SDXL "
    "vae=madebyollin/sdxl-vae-fp16-fix"
)


def _mask_picture(mask: Tensor, size: tuple[int, int]) -> Image.Image:
    """A mask of shape (1, h, w) in [0, 1] as a picture of (width, height) ``size``."""
    levels = (mask[0].clamp(0, 1) * 255).round().byte().cpu().numpy()
    return Image.fromarray(levels).resize(size, Image.Resampling.NEAREST)
