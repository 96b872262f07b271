"""Loads a diffusers pipeline of one of the wanted classes, safetensors only, onto a device."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

import torch

from diffex_cli.editors.pipelines.options import Offload
from diffex_cli.errors import UsageError
from diffex_cli.quiet import quiet_transformers


def pick_dtype(name: str, device: torch.device, half: torch.dtype) -> torch.dtype:
    """``auto`` is float32 on the CPU and ``half`` elsewhere."""
    if name == "auto":
        return torch.float32 if device.type == "cpu" else half
    dtype: torch.dtype = getattr(torch, name)
    return dtype


def load_pipeline(
    editor: str, source: str, revision: str, dtype: torch.dtype, kinds: Sequence[str], needs: Sequence[str] = ()
) -> Any:
    """The pipeline, of the class that its checkpoint names, without safety checker and watermark: a
    classifier's images are not for show, and what those two draw would be scored like any edit.

    Args:
        editor: its name, for the sentences of errors.
        source: a folder in diffusers format, or a hub id.
        revision: of a hub id.
        dtype: of all weights.
        kinds: the classes that the editor runs.
        needs: packages without which their parts cannot be loaded.

    Raises:
        UsageError: a package is missing, there is no such model, it is of another kind, or a part of it
            is missing or torn.
    """
    for package in needs:
        if importlib.util.find_spec(package) is None:
            raise UsageError(f"the {editor} editor needs the package {package}: pip install {package}")
    with quiet_transformers():
        import diffusers
        from diffusers.utils import logging
        from safetensors import SafetensorError

        logging.disable_progress_bar()
        kind = _kind(source, revision)
        if kind not in kinds:
            raise UsageError(f"{source!r} is a {kind}; the {editor} editor runs {' and '.join(kinds)} models")
        try:
            pipeline = getattr(diffusers, kind).from_pretrained(
                source, revision=revision, dtype=dtype, use_safetensors=True, **_left_out(kind)
            )
        except (OSError, ValueError, RuntimeError, ImportError, SafetensorError) as error:
            reason = str(error).strip().splitlines()[0].rstrip(".:")
            raise UsageError(
                f"the model {source!r} cannot be loaded ({reason}): give a complete one, with weights in safetensors"
            ) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def place(pipeline: Any, device: torch.device, offload: Offload) -> None:
    """Move the pipeline to the device, or have it moved there piece by piece.

    Raises:
        UsageError: there is nothing to offload from on the CPU.
    """
    if offload == "none":
        pipeline.to(device)
    elif device.type == "cpu":
        raise UsageError(f"option offload={offload} saves memory of an accelerator: leave it out on the CPU")
    elif offload == "model":
        pipeline.enable_model_cpu_offload(device=device)
    else:
        pipeline.enable_sequential_cpu_offload(device=device)


def _kind(source: str, revision: str) -> str:
    from diffusers import DiffusionPipeline

    try:
        config = DiffusionPipeline.load_config(source, revision=revision)
    except OSError as error:
        raise UsageError(
            f"no diffusers model at {source!r}: give a folder with a model_index.json, or a hub id that can be reached"
        ) from error
    return str(config.get("_class_name"))


def _left_out(kind: str) -> dict[str, Any]:
    if kind == "StableDiffusionInstructPix2PixPipeline":
        return {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    if kind == "StableDiffusionXLInstructPix2PixPipeline":
        return {"add_watermarker": False}
    return {}
