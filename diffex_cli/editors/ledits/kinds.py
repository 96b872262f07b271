"""Which models the engine can run, told from their configuration before any weights are read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffex_cli.core.errors import UsageError
from diffex_cli.editors.ledits.components import read_config

if TYPE_CHECKING:
    import torch

_TEXT_ENCODERS = ("CLIPTextModel", "CLIPTextModelWithProjection")
_OTHER_EDITORS = {
    "Flux2": "flux2-klein",
    "Flux": "flux-kontext",
    "QwenImage": "qwen-edit",
    "InstructPix2Pix": "instruct",
    "Inpaint": "inpaint",
}
"""What a pipeline's class name holds → the editor for it; the first that fits."""


@dataclasses.dataclass(frozen=True)
class ModelKind:
    """What the configuration says.

    Attributes:
        text_encoders: component → class of transformers; two of them make it SDXL.
        prediction_type: ``epsilon`` or ``v_prediction``.
        upcast: whether the auto-encoder overflows in float16.
    """

    text_encoders: Mapping[str, str]
    prediction_type: str
    latent_channels: int
    upcast: bool

    @property
    def is_xl(self) -> bool:
        return len(self.text_encoders) == 2

    def vae_dtype(self, dtype: torch.dtype) -> torch.dtype:
        """What the auto-encoder computes in, if all else computes in ``dtype``."""
        import torch

        return torch.float32 if self.is_xl and self.upcast and dtype == torch.float16 else dtype


def read_kind(source: str, revision: str) -> ModelKind:
    """Read the configuration of a model and refuse what the engine cannot run."""
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel

    if Path(source).is_dir() and revision != "main":
        raise UsageError(f"revision={revision}: the folder {source!r} has no revisions, leave the option out")
    index = read_config(StableDiffusionPipeline, source, revision)
    text_encoders = _text_encoders(source, index)
    unet = read_config(UNet2DConditionModel, source, revision, "unet")
    vae = read_config(AutoencoderKL, source, revision, "vae")
    prediction_type = _prediction_type(source, read_config(DDIMScheduler, source, revision, "scheduler"))
    latent_channels = channels(source, vae, "latent_channels")
    check_channels(source, channels(source, unet, "in_channels"), latent_channels)
    wanted = "text_time" if len(text_encoders) == 2 else None
    if unet.get("addition_embed_type") != wanted or unet.get("class_embed_type") or unet.get("num_class_embeds"):
        raise UsageError(
            f"the U-Net of {source!r} wants more than a prompt and a size, which the ledits editor does not have: "
            "give a Stable Diffusion 1.5, 2.x or SDXL text-to-image model"
        )
    return ModelKind(text_encoders, prediction_type, latent_channels, bool(vae.get("force_upcast", True)))


def channels(source: str, config: Mapping[str, Any], key: str) -> int:
    """How many channels a part's configuration says; 4, as in all Stable Diffusion models, if it does not."""
    number = config.get(key, 4)
    if type(number) is not int or number < 1:
        raise UsageError(f"{source!r} has {key} {number!r} in its configuration: give a model that is complete")
    return number


def check_channels(source: str, unet: int, vae: int) -> None:
    """Refuse a U-Net that sees more than the latents."""
    if unet == vae:
        return
    editor = {2 * vae + 1: "inpaint", 2 * vae: "instruct"}.get(unet)
    remedy = f"use --editor {editor}:{source}" if editor else "give a text-to-image model and its own auto-encoder"
    raise UsageError(
        f"the U-Net of {source!r} takes {unet} channels where the auto-encoder gives {vae}, "
        f"so the ledits editor cannot run it: {remedy}"
    )


def _text_encoders(source: str, index: Mapping[str, Any]) -> Mapping[str, str]:
    """The text encoders of a pipeline with the components of Stable Diffusion or SDXL."""
    kind = str(index.get("_class_name"))
    classes = {name: tuple(value) for name, value in index.items() if isinstance(value, list) and len(value) == 2}
    names = ["text_encoder", "text_encoder_2"] if "text_encoder_2" in classes else ["text_encoder"]
    fits = (
        classes.get("unet") == ("diffusers", "UNet2DConditionModel")
        and classes.get("vae") == ("diffusers", "AutoencoderKL")
        and "diffusers" in classes.get("scheduler", ())
        and all(classes.get(name) in [("transformers", encoder) for encoder in _TEXT_ENCODERS] for name in names)
        and all("transformers" in classes.get(name.replace("text_encoder", "tokenizer"), ()) for name in names)
    )
    if fits:
        return {name: str(classes[name][1]) for name in names}
    editor = next((editor for part, editor in _OTHER_EDITORS.items() if part in kind), None)
    others = "the editors flux2-klein, flux-kontext and qwen-edit run some others"
    raise UsageError(
        f"{source!r} is a {kind} of other parts than Stable Diffusion 1.5, 2.x and SDXL have, which the ledits editor "
        f"runs: {f'use --editor {editor}:{source}' if editor else others}"
    )


def _prediction_type(source: str, config: Mapping[str, Any]) -> str:
    """What the U-Net predicts, of a model with noise levels that the engine can use."""
    prediction = config.get("prediction_type", "epsilon")
    if prediction not in ("epsilon", "v_prediction"):
        raise UsageError(f"{source!r} predicts {prediction!r}: the ledits editor knows epsilon and v_prediction")
    if "beta_schedule" not in config or "EDM" in str(config.get("_class_name")):
        raise UsageError(
            f"{source!r} has the noise levels of {config.get('_class_name')}, which the ledits editor cannot invert: "
            "give a model with a beta schedule"
        )
    return str(prediction)
