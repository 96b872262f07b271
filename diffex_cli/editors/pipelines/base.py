"""What the editors have in common that wrap an instruction-following diffusers pipeline."""

from __future__ import annotations

import dataclasses
import functools
from abc import abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple

import numpy as np
from PIL import Image

from diffex_cli.core.machine import pick_device, refuse_missing_folder
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import ranges, read_options
from diffex_cli.editors.base import EditRequest, EditResult, Settled, failed
from diffex_cli.editors.models.batching import Batches, split
from diffex_cli.editors.models.loading import part_digest, part_name, pick_dtype
from diffex_cli.editors.models.seeds import image_seed
from diffex_cli.editors.models.sizes import fit, restore
from diffex_cli.editors.options import check_overrides
from diffex_cli.editors.pipelines.loading import load_pipeline, place
from diffex_cli.editors.pipelines.options import OVERRIDES, WITHOUT_EFFECT, OptionsT, overridden

if TYPE_CHECKING:
    import torch

_VERSION = 1
"""Raised when a change to these editors changes pixels; part of the fingerprint."""


class Job(NamedTuple):
    """One request, made ready for the pipeline. ``instruction``: what the model is told; ``None`` for a baseline that
    needs no instruction. ``size``: (width, height) at which the model works."""

    request: EditRequest
    options: Any
    instruction: str | None
    size: tuple[int, int]

    @property
    def key(self) -> str:
        return self.request.key


class PipelineEditor(Settled, Generic[OptionsT]):
    """See :class:`~diffex_cli.editors.base.Editor`. All candidates of an image start from the same noise, which the
    seed and the image's key fix. The baseline of the effects is what the option of that name says. ``spec``:
    ``NAME[:MODEL][:key=value,…]``; the model is a folder in diffusers format or a hub id."""

    name: ClassVar[str]
    model: ClassVar[str]
    """The hub id that is used if the spec names none."""
    kinds: ClassVar[tuple[str, ...]]
    """The pipeline classes that the editor runs."""
    half: ClassVar[str]
    """The precision off the CPU, unless the options say otherwise."""
    frames: ClassVar[bool] = False
    """Whether the auto-encoder is one for videos."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Packages that the pipelines need and diffex does not bring."""
    defaults: OptionsT

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        self._source, self._device_name = spec.model or self.model, device
        self._options: OptionsT = read_options(spec, self.defaults)
        self._limit = self._options.batch
        refuse_missing_folder(self._source, spec.text)

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        """What the fingerprint is made of; options that change no result are left out."""
        options = dataclasses.asdict(self._options)
        return {
            "editor": self.name,
            "version": _VERSION,
            "model": part_name(self._source),
            "weights": part_digest(self._source),
            **{key: value for key, value in options.items() if key not in WITHOUT_EFFECT},
        }

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        check_overrides(self.name, requests, ranges(self._options, OVERRIDES))
        groups: dict[Hashable, list[Job]] = {}
        for request in requests:
            job = self._job(request, images[request.image])
            groups.setdefault((job.options, job.instruction is None, job.size, self.company(request)), []).append(job)
        batches = Batches[Job](
            run=lambda batch: self._run(images, batch, seed),
            split=lambda jobs: split(jobs, [1] * len(jobs), self._limit),
            lower=self._lower,
            no_memory=(
                f"out of memory with one edit at a time: give {self.name} a smaller size=, dtype=bfloat16 or "
                "offload=model"
            ),
        )
        for jobs in groups.values():
            yield from batches.results(jobs)

    def _lower(self, edits: int) -> bool:
        self._limit = max(1, edits // 2)
        return edits > 1

    def company(self, request: EditRequest) -> Hashable:
        """Requests for which this is equal may share a call of the pipeline."""
        return None

    @abstractmethod
    def size(self, pipeline: Any, image: tuple[int, int]) -> tuple[int, int]:
        """The (width, height) at which the model works on an image of this (width, height)."""

    def arguments(self, options: OptionsT, images: Sequence[Image.Image], size: tuple[int, int]) -> dict[str, Any]:
        """The pipeline's arguments besides prompts and generators, for inputs of any size."""
        return {
            "image": [image.resize(size, Image.Resampling.LANCZOS) for image in images],
            "width": size[0],
            "height": size[1],
            "num_inference_steps": options.steps,
            "guidance_scale": options.guidance,
        }

    @functools.cached_property
    def _device(self) -> torch.device:
        return pick_device(self._device_name)

    @functools.cached_property
    def _pipeline(self) -> Any:
        options = self._options
        dtype = pick_dtype(options.dtype, self._device, self.half)
        pipeline = load_pipeline(self.name, self._source, options.revision, dtype, self.kinds, self.needs)
        place(pipeline, self._device, options.offload)
        return pipeline

    def _fit(self, image: tuple[int, int], own: int, multiple: int) -> tuple[int, int]:
        return fit(image, self._options.size or own, multiple)

    def _job(self, request: EditRequest, image: Image.Image) -> Job:
        options = overridden(self._options, request.candidate)
        if request.candidate.terms:
            instruction: str | None = options.instruction(request.candidate)
        else:
            instruction = options.noop if options.baseline == "noop" else None
        return Job(request, options, instruction, self.size(self._pipeline, image.size))

    def _run(self, images: Mapping[str, Image.Image], batch: Sequence[Job], seed: int) -> list[EditResult]:
        inputs = [images[job.request.image] for job in batch]
        first = batch[0]
        if first.instruction is not None:
            pictures = self._call(batch, inputs, seed)
        elif self._options.baseline == "original":
            return [EditResult(job.key, "ok", image.copy(), 0.0) for job, image in zip(batch, inputs, strict=True)]
        else:
            from diffex_cli.editors.models.roundtrip import round_trip

            pictures = round_trip(self._pipeline, inputs, first.size, self._device, self.frames)
        results = []
        for job, image, picture in zip(batch, inputs, pictures, strict=True):
            if not np.isfinite(picture).all():
                results.append(failed(job.key, "the edited picture is not finite"))
                continue
            edited = Image.fromarray((picture * 255).round().astype(np.uint8))
            results.append(EditResult(job.key, "ok", restore(edited, image.size), 0.0))
        return results

    def _call(self, batch: Sequence[Job], inputs: Sequence[Image.Image], seed: int) -> np.ndarray[Any, Any]:
        """Edited pictures, shape (batch, height, width, 3), in [0, 1]."""
        import torch

        prompts = [job.instruction for job in batch]
        generators = [_generator(job.request.image, seed) for job in batch]
        arguments = self.arguments(batch[0].options, inputs, batch[0].size)
        alone = len(batch) == 1
        with torch.no_grad():
            pictures = self._pipeline(
                prompt=prompts[0] if alone else prompts,
                generator=generators[0] if alone else generators,
                output_type="np",
                **arguments,
            ).images
        if pictures is None or len(pictures) != len(batch):
            raise RuntimeError("the pipeline returned no picture")
        return np.asarray(pictures)


def _generator(image: str, seed: int) -> torch.Generator:
    """On the CPU, whatever the device, so that the noise is the same everywhere."""
    import torch

    return torch.Generator("cpu").manual_seed(image_seed(seed, image))
