"""Loading whole diffusers pipelines, safetensors only: what the editors that run stock pipelines share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from diffex_cli.artifacts.keys import digest_files, file_digest
from diffex_cli.core.errors import UsageError
from diffex_cli.core.machine import quiet_transformers
from diffex_cli.core.typed_paths import typed_path

if TYPE_CHECKING:
    import torch

MODEL_FILES = ("**/*.safetensors", "**/*.json", "**/*.txt", "**/*.model", "**/*.jinja")
"""What of a model's folder can change a picture."""


def part_name(part: str) -> str:
    """What a reader is told of a model, or of a part of one: the last part of a local path, or the hub id."""
    path = typed_path(part)
    return path.resolve().name if path.exists() else part


def part_digest(part: str, patterns: Sequence[str] = MODEL_FILES) -> str | None:
    """The digest of a file, or of a folder's; ``None`` for what is not on this machine."""
    path = typed_path(part)
    if path.is_file():
        return file_digest(path)
    return digest_files(path, patterns) if path.is_dir() else None


@contextlib.contextmanager
def quiet_diffusers() -> Iterator[None]:
    """Without diffusers' remarks, which come with every edit and even about its own doing."""
    from diffusers.utils import logging

    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.CRITICAL)
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


def shortened(error: Exception) -> str:
    """The first line of a library's message, without its full stop."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200].rstrip(" .:")


def pick_dtype(name: str, device: torch.device, half: str = "float16") -> torch.dtype:
    """``auto`` is float32 on the CPU and ``half`` elsewhere."""
    import torch

    if name == "auto":
        name = "float32" if device.type == "cpu" else half
    dtype: torch.dtype = getattr(torch, name)
    return dtype


def pipeline_kind(source: str, revision: str) -> str:
    """The pipeline class that a checkpoint names."""
    with quiet_transformers():
        from diffusers import DiffusionPipeline

        try:
            config = dict(DiffusionPipeline.load_config(source, revision=revision))
        except Exception as error:  # of many kinds, by what is in the file
            raise UsageError(
                f"no diffusers model at {source!r}: give a folder with a model_index.json, or a hub id that can be "
                "reached"
            ) from error
    return str(config.get("_class_name"))


def load_whole(kind: str, source: str, revision: str, dtype: torch.dtype, **parts: Any) -> Any:
    """A pipeline without progress bar, safety checker and watermark: a classifier's images are not for show, and what
    those two draw would be scored like any edit. ``parts``: further arguments of ``from_pretrained``, such as
    components to leave out."""
    with quiet_transformers():
        import diffusers
        from diffusers.utils import logging

        logging.disable_progress_bar()  # the stage has its own, and a script wants none
        try:
            pipeline = getattr(diffusers, kind).from_pretrained(
                source, revision=revision, dtype=dtype, use_safetensors=True, **parts
            )
        except Exception as error:  # of many kinds, by what is missing or torn
            raise UsageError(
                f"the model {source!r} cannot be loaded ({shortened(error)}): give a complete one, with weights in "
                "safetensors"
            ) from error
    pipeline.set_progress_bar_config(disable=True)
    if hasattr(getattr(pipeline, "vae", None), "decoder"):
        pipeline.vae.decoder.register_forward_hook(_nan_for_infinite)
    return pipeline


def _nan_for_infinite(_module: Any, _inputs: Any, decoded: Any) -> Any:
    """What overflowed stays apart from what is bright: pipelines clamp a decoded picture before anybody can look."""
    import torch

    return decoded.masked_fill(~decoded.isfinite(), torch.nan) if isinstance(decoded, torch.Tensor) else decoded


NO_CHECKER = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
"""Leaves Stable Diffusion's safety checker out."""

NO_WATERMARK = {"add_watermarker": False}
"""Leaves SDXL's watermark out."""
