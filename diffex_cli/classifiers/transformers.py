"""The classifier ``transformers``: an image classifier in Hugging Face's format, local or from the hub."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.keys import digest, digest_files
from diffex_cli.classifiers.checks import checked_logits, unique_labels
from diffex_cli.classifiers.hub import resolve_commit
from diffex_cli.devices import pick_device
from diffex_cli.errors import DiffexError, UsageError
from diffex_cli.quiet import quiet_transformers
from diffex_cli.registry import Spec, did_you_mean

if TYPE_CHECKING:
    import torch

_BATCH = 32
_OPTIONS = ("batch", "revision")
_FILES = (
    "config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "*.safetensors",
    "*.safetensors.index.json",
)


@dataclasses.dataclass(frozen=True, slots=True)
class _Loaded:
    """A model that is ready to score."""

    model: Any
    processor: Any
    device: torch.device


class TransformersClassifier:
    """``transformers:<folder or hub id>[:batch=N,revision=R]``.

    The folder holds what ``save_pretrained`` of the model and of its image processor wrote. Only
    safetensors weights are read, and no code of the model's own is run. A hub model is pinned to the
    commit that is in the local cache, or else to the newest; ``revision`` asks for another one.
    """

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        """Check the spec and, for a folder, that the needed files are there.

        Raises:
            UsageError: an option is unknown or wrong, or the folder is missing or incomplete.
        """
        for option in spec.options:
            if option not in _OPTIONS:
                raise UsageError(f"{spec.text!r}: unknown option {option!r}{did_you_mean(option, _OPTIONS)}")
        if not spec.model:
            raise UsageError(f"{spec.text!r} names no model: write transformers:FOLDER or transformers:HUB-ID")
        batch = spec.options.get("batch", str(_BATCH))
        if not batch.isdecimal() or int(batch) < 1:
            raise UsageError(f"{spec.text!r}: batch must be a whole number of at least 1, not {batch!r}")
        self._spec = spec
        self._device = device
        self._batch = int(batch)
        self._revision = spec.options.get("revision")
        self._folder = _local_folder(spec)
        if self._folder is not None and self._revision is not None:
            raise UsageError(f"{spec.text!r}: a local folder has no revision: remove the option")

    @property
    def fingerprint(self) -> str:
        """A digest of the folder's files, or of the hub id and commit. The batch and the device, which
        change a logit by rounding only, are not in it, nor is the folder's name."""
        settings = dict(self.settings)
        for name in ("model", "revision") if self._folder is not None else ("revision",):
            settings.pop(name, None)
        return digest(settings)

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        """The backend; of a folder its name and files' digest, of a hub model its id and commit.

        Raises:
            UsageError, DiffexError: as for :func:`~diffex_cli.classifiers.hub.resolve_commit`.
        """
        settings: dict[str, object] = {"backend": "transformers"}
        if self._folder is not None:
            return {**settings, "model": self._folder.resolve().name, "files": digest_files(self._folder, _FILES)}
        commit = resolve_commit(self._spec.model, self._revision)
        return {**settings, "model": self._spec.model, "revision": self._revision or "main", "commit": commit}

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes, from the model's configuration; repeated ones get their number."""
        id2label: Mapping[int, str] = self._loaded.model.config.id2label
        return unique_labels(id2label[index] for index in sorted(id2label))

    def logits(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        """Score images of any size and mode, in evaluation mode and float32.

        Returns:
            shape (len(images), len(labels)).

        Raises:
            DiffexError: a score is not finite.
        """
        import torch

        rows = [np.zeros((0, len(self.labels)))]
        with torch.inference_mode():
            for start in range(0, len(images), self._batch):
                pictures = [image.convert("RGB") for image in images[start : start + self._batch]]
                pixels = self._loaded.processor(images=pictures, return_tensors="pt").to(self._loaded.device)
                output = self._loaded.model(**pixels).logits
                rows.append(
                    checked_logits(output.float().cpu().numpy(), len(pictures), len(self.labels), self._spec.text)
                )
        return np.concatenate(rows)

    @functools.cached_property
    def _loaded(self) -> _Loaded:
        device = pick_device(self._device)
        if self._folder is not None:
            return self._load(str(self._folder), device)
        commit = str(self.settings["commit"])
        try:
            return self._load(self._spec.model, device, revision=commit, local_files_only=True)
        except OSError:
            return self._load(self._spec.model, device, revision=commit)

    def _load(self, source: str, device: torch.device, **where: Any) -> _Loaded:
        """Raises OSError only when asked for local files that are not there."""
        import torch
        from transformers import AutoImageProcessor, AutoModelForImageClassification

        where["trust_remote_code"] = False
        try:
            with quiet_transformers():
                processor = AutoImageProcessor.from_pretrained(source, backend="pil", **where)
                model, info = AutoModelForImageClassification.from_pretrained(
                    source, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **where
                )
        except Exception as error:
            if isinstance(error, OSError) and where.get("local_files_only"):
                raise
            raise UsageError(
                f"cannot load the classifier {self._spec.text}: {' '.join(str(error).split())[:300]}"
            ) from error
        lacking = sorted({*info["missing_keys"], *(str(key[0]) for key in info["mismatched_keys"])})
        if lacking:
            raise DiffexError(
                f"the classifier {self._spec.text} has no usable weights for {', '.join(lacking[:3])}"
                f"{' …' if len(lacking) > 3 else ''}: it is not a trained image classifier"
            )
        return _Loaded(model.to(device).eval(), processor, device)


def _local_folder(spec: Spec) -> Path | None:
    """The spec's folder, with all that is needed in it; ``None`` if the spec is a hub id."""
    folder = Path(spec.model).expanduser()
    if not folder.is_dir():
        looks_local = spec.model.startswith((".", "/", "~")) or spec.model.count("/") > 1 or "\\" in spec.model
        if looks_local or folder.exists():
            raise UsageError(f"{spec.text!r}: there is no folder {folder}")
        return None
    needed = {
        "config.json": ("config.json",),
        "preprocessor_config.json": ("preprocessor_config.json", "processor_config.json"),
        "*.safetensors": ("*.safetensors",),
    }
    for name, patterns in needed.items():
        if not any(True for pattern in patterns for _ in folder.glob(pattern)):
            raise UsageError(
                f"the folder {folder} has no {name}: save the model and its image processor there with "
                "save_pretrained (weights are read from safetensors only)"
            )
    return folder
