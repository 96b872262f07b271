"""Loads a diffusers pipeline of one of the wanted classes, safetensors only, onto a device."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from diffex_cli.core.errors import UsageError
from diffex_cli.editors.models.loading import NO_CHECKER, NO_WATERMARK, load_whole, pipeline_kind
from diffex_cli.editors.pipelines.options import Offload

if TYPE_CHECKING:
    import torch

_LEFT_OUT: Mapping[str, Mapping[str, Any]] = {
    "StableDiffusionInstructPix2PixPipeline": NO_CHECKER,
    "StableDiffusionXLInstructPix2PixPipeline": NO_WATERMARK,
}


def load_pipeline(
    editor: str, source: str, revision: str, dtype: torch.dtype, kinds: Sequence[str], needs: Sequence[str] = ()
) -> Any:
    """The pipeline, of the class that its checkpoint names. ``needs``: packages without which their parts cannot be
    loaded."""
    for package in needs:
        if importlib.util.find_spec(package) is None:
            raise UsageError(f"the {editor} editor needs the package {package}: pip install {package}")
    kind = pipeline_kind(source, revision)
    if kind not in kinds:
        raise UsageError(f"{source!r} is a {kind}; the {editor} editor runs {' and '.join(kinds)} models")
    return load_whole(kind, source, revision, dtype, **_LEFT_OUT.get(kind, {}))


def place(pipeline: Any, device: torch.device, offload: Offload) -> None:
    """Move the pipeline to the device, or have it moved there piece by piece."""
    if offload == "none":
        pipeline.to(device)
    elif device.type == "cpu":
        raise UsageError(f"option offload={offload} saves memory of an accelerator: leave it out on the CPU")
    elif offload == "model":
        pipeline.enable_model_cpu_offload(device=device)
    else:
        pipeline.enable_sequential_cpu_offload(device=device)
