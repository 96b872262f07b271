"""The ``ledits`` editor: LEDITS++ on any Stable Diffusion model in diffusers format."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from PIL import Image

import diffex_cli.birds
from diffex_cli.artifacts.keys import digest, digest_files
from diffex_cli.candidates import Candidate
from diffex_cli.devices import pick_device
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.ledits.editing import Concept, Row, edit
from diffex_cli.editors.ledits.inversion import Inversion, invert, trajectory_noise
from diffex_cli.editors.ledits.loading import load_pipeline, pick_dtype
from diffex_cli.editors.ledits.model import DiffusionModel
from diffex_cli.editors.ledits.options import BIRDS_DEFAULTS, LeditsOptions, check_override, parse_options
from diffex_cli.editors.ledits.sizes import fit, restore
from diffex_cli.editors.ledits.solver import Schedule
from diffex_cli.errors import UsageError
from diffex_cli.registry import Spec

_ENGINE_VERSION = 1
"""Raised when a change to the engine changes pixels; part of the fingerprint."""

_CACHE_BYTES = 2 * 2**30
"""How much memory the kept inversions may take; one of a 512-pixel image is about 10 MB."""


class LeditsEditor:
    """See :class:`~diffex_cli.editors.base.Editor`.

    ``ledits:birds`` is the model that ships with diffex; ``ledits:FOLDER`` and ``ledits:HUB/ID`` are
    any Stable Diffusion model. An image is inverted once per process, on the empty prompt. The
    baseline of its effects is the auto-encoder's reconstruction, which the inversion reaches exactly.
    """

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        if not spec.model:
            raise UsageError(f"--editor {spec.text} names no model: write ledits:birds, ledits:FOLDER or ledits:HUB/ID")
        self._name, self._device = spec.model, device
        self._folder = packaged_model() if spec.model == "birds" else Path(spec.model)
        self._options = parse_options(spec.options, BIRDS_DEFAULTS if spec.model == "birds" else LeditsOptions())
        self._inversions: dict[str, Inversion] = {}

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        """What the fingerprint is made of; ``rows`` and the device change no result and are left out."""
        options = dataclasses.asdict(self._options)
        del options["rows"]
        local = self._folder.is_dir()
        return {
            "editor": "ledits",
            "engine": _ENGINE_VERSION,
            "model": self._folder.name if local and self._name != "birds" else self._name,
            "weights": digest_files(self._folder, ("**/*.safetensors", "**/*.json", "**/*.txt")) if local else None,
            **options,
        }

    @functools.cached_property
    def fingerprint(self) -> str:
        """The digest of :attr:`settings`."""
        return digest(self.settings)

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        """See :meth:`diffex_cli.editors.base.Editor.edit`."""
        for request in requests:
            for term in request.candidate.terms:
                for key, value in term.overrides.items():
                    check_override(key, value, term.node)
        for batch in self._batches(images, requests):
            yield from self._edit_batch(images, batch, seed)

    @functools.cached_property
    def _model(self) -> DiffusionModel:
        device = pick_device(self._device)
        dtype = pick_dtype(self._options.dtype, device)
        source = str(self._folder) if self._folder.is_dir() else self._name
        return DiffusionModel(load_pipeline(source, self._options.revision, dtype), device)

    def _batches(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest]
    ) -> Iterator[list[EditRequest]]:
        """Requests of one latent size, as many as fit the U-Net's row limit."""
        by_size: dict[tuple[int, int], list[EditRequest]] = {}
        for request in requests:
            by_size.setdefault(self._target_size(images[request.image]), []).append(request)
        for group in by_size.values():
            batch: list[EditRequest] = []
            rows = 0
            for request in group:
                cost = 1 + len(request.candidate.terms)
                if batch and rows + cost > self._options.rows:
                    yield batch
                    batch, rows = [], 0
                batch.append(request)
                rows += cost
            yield batch

    def _edit_batch(
        self, images: Mapping[str, Image.Image], batch: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        started = time.perf_counter()
        self._invert_missing(images, [request.image for request in batch], seed)
        rows = [
            Row(self._inversions[self._inversion_key(request.image, seed)], self._concepts(request.candidate))
            for request in batch
        ]
        latents = edit(self._schedule, rows, self._model.predict, self._options.mask)
        pictures = self._model.decode(latents)
        seconds = (time.perf_counter() - started) / len(batch)
        for request, picture in zip(batch, pictures, strict=True):
            if picture is None:
                yield EditResult(request.key, "failed", None, seconds, "the edited latents are not finite")
            else:
                yield EditResult(request.key, "ok", restore(picture, images[request.image].size), seconds)

    @functools.cached_property
    def _schedule(self) -> Schedule:
        return self._model.schedule(self._options.steps, self._options.start_timestep())

    def _target_size(self, image: Image.Image) -> tuple[int, int]:
        return fit(image.size, self._options.size or self._model.native_size, self._model.image_multiple)

    def _inversion_key(self, image: str, seed: int) -> str:
        return f"{seed}/{image}"

    def _invert_missing(self, images: Mapping[str, Image.Image], keys: Sequence[str], seed: int) -> None:
        for key in dict.fromkeys(keys):
            name = self._inversion_key(key, seed)
            if name in self._inversions:
                self._inversions[name] = self._inversions.pop(name)  # now the last to be evicted
                continue
            image = images[key].resize(self._target_size(images[key]), Image.Resampling.LANCZOS)
            (x0,) = self._model.encode([image])
            own_seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:7])
            noise = trajectory_noise(tuple(x0.shape), self._schedule.steps, own_seed).to(x0.device)
            self._inversions[name] = invert(
                self._schedule, x0, noise, self._model.predict_empty, rows=self._options.rows
            )
            kept = max(len(set(keys)), _CACHE_BYTES // self._inversions[name].nbytes)
            while len(self._inversions) > kept:
                self._inversions.pop(next(iter(self._inversions)))

    def _concepts(self, candidate: Candidate) -> tuple[Concept, ...]:
        concepts = []
        for term in candidate.terms:
            chosen = {key: term.overrides.get(key, getattr(self._options, key)) for key in ("guidance", "threshold")}
            warmup = int(term.overrides.get("warmup", self._options.warmup))
            cooldown = int(term.overrides.get("cooldown", self._options.cooldown)) or self._options.steps
            concepts.append(
                Concept(
                    prompt=term.prompt,
                    token_count=self._model.token_count(term.prompt),
                    guidance=-chosen["guidance"] if term.remove else chosen["guidance"],
                    threshold=chosen["threshold"],
                    warmup=warmup,
                    cooldown=cooldown,
                )
            )
        return tuple(concepts)


def packaged_model() -> Path:
    """The folder of the diffusion model that ships with diffex."""
    return Path(diffex_cli.birds.__file__).parent / "models" / "diffusion"
