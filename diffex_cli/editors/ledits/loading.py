"""Loads Stable Diffusion 1.5, 2.x and SDXL from a folder, the hub or a single file; safetensors only."""

from __future__ import annotations

import contextlib
import dataclasses
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffex_cli.core.errors import UsageError
from diffex_cli.core.machine import quiet_transformers
from diffex_cli.editors.ledits.components import load_component, local_or_hub, read_config
from diffex_cli.editors.ledits.kinds import ModelKind, channels, read_kind
from diffex_cli.editors.ledits.lora import fuse_loras, parse_loras, usable_loras
from diffex_cli.editors.ledits.single_file import configuration, load_checkpoint, read_checkpoint
from diffex_cli.editors.models.loading import part_digest, part_name, quiet_diffusers, shortened

if TYPE_CHECKING:
    import torch


@dataclasses.dataclass(frozen=True)
class ModelSource:
    """Where a model's parts come from.

    Attributes:
        model: a folder in diffusers format, a hub id, or a ``.safetensors`` file with a whole checkpoint.
        revision: of a hub id: of ``model``, or for a single file of ``config``.
        variant: of the weights' files, such as ``fp16``.
        config: the folder or hub id whose configuration a single file has; the original one's if empty.
        vae: the folder or hub id of another auto-encoder.
        lora: what to add to the weights; see :func:`~diffex_cli.editors.ledits.lora.parse_loras`.
    """

    model: str
    revision: str = "main"
    variant: str = ""
    config: str = ""
    vae: str = ""
    lora: str = ""

    @property
    def single_file(self) -> bool:
        return self.model.endswith(".safetensors")


def load_pipeline(source: ModelSource, dtype: torch.dtype) -> Any:
    """A ``StableDiffusionPipeline`` or ``StableDiffusionXLPipeline``, in evaluation mode. It has no safety checker: a
    classifier's images are not for show, and a blackened picture would be scored like any other. Of its scheduler only
    the configuration matters. ``dtype``: of all weights, but for an SDXL auto-encoder that overflows in float16: that
    is float32."""
    import torch

    loras = usable_loras(source.lora)
    with _quiet():
        pipeline = _load_file(source, dtype) if source.single_file else _load_folder(source, dtype)
        fuse_loras(pipeline, loras)
    for name, component in pipeline.components.items():
        if isinstance(component, torch.nn.Module):
            component.eval()
        if name.startswith("text_encoder"):
            _check_tokenizer(source, component, getattr(pipeline, name.replace("text_encoder", "tokenizer")))
    return pipeline


def source_digest(source: ModelSource) -> Mapping[str, object]:
    """What of a model goes into a fingerprint, without loading it. Of local parts the digest of their files, and the
    last part of their path to tell a reader; of the hub's their id, and the model's revision. Parts that were not given
    are left out."""
    parts: dict[str, object] = {"model": part_name(source.model), "weights": part_digest(source.model)}
    if parts["weights"] is None or source.config:
        parts["revision"] = source.revision
    if source.variant:
        parts["variant"] = source.variant
    for part, given in (("config", source.config), ("vae", source.vae)):
        if given:
            parts[part] = [part_name(given), part_digest(given)]
    if source.lora:
        parts["lora"] = [
            [part_name(lora.name), part_digest(str(lora.file)) if lora.file else None, lora.weight]
            for lora in parse_loras(source.lora)
        ]
    return parts


def _load_folder(source: ModelSource, dtype: torch.dtype) -> Any:
    import transformers
    from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel

    model = local_or_hub(source.model)
    kind = read_kind(model, source.revision)
    found = (model, dtype, source.revision)
    parts = {
        name: load_component(getattr(transformers, encoder), *found, name, source.variant)
        for name, encoder in kind.text_encoders.items()
    }
    parts["unet"] = load_component(UNet2DConditionModel, *found, "unet", source.variant)
    parts["vae"] = _load_vae(source, kind, dtype)
    owner = StableDiffusionXLPipeline if kind.is_xl else StableDiffusionPipeline
    extra = {"add_watermarker": False} if kind.is_xl else {"safety_checker": None, "requires_safety_checker": False}
    try:
        return owner.from_pretrained(
            model, revision=source.revision, feature_extractor=None, image_encoder=None, **parts, **extra
        )
    except Exception as error:
        raise UsageError(f"the model {model!r} cannot be loaded ({shortened(error)}): give a complete one") from error


def _load_file(source: ModelSource, dtype: torch.dtype) -> Any:
    if source.variant:
        raise UsageError(f"variant={source.variant}: the file {source.model!r} has no variants, leave the option out")
    checkpoint = read_checkpoint(source.model)
    config = local_or_hub(configuration(checkpoint, source.config))
    kind = read_kind(config, source.revision)
    vae = _load_vae(source, kind, dtype) if source.vae else None
    return load_checkpoint(checkpoint, config, source.revision, kind, dtype, vae)


def _check_tokenizer(source: ModelSource, text_encoder: Any, tokenizer: Any) -> None:
    """Refuse the nearly empty tokenizer that transformers makes of a folder without one."""
    words, known = len(tokenizer), int(text_encoder.config.vocab_size)
    if not known / 2 < words <= known:
        raise UsageError(
            f"the tokenizer of {source.model!r} knows {words} words where the text encoder knows {known}: "
            "give a model that is complete"
        )


def _load_vae(source: ModelSource, kind: ModelKind, dtype: torch.dtype) -> Any:
    from diffusers import AutoencoderKL

    if not source.vae:
        where = (source.revision, "vae", source.variant)
        return load_component(AutoencoderKL, local_or_hub(source.model), kind.vae_dtype(dtype), *where)
    other = local_or_hub(source.vae)
    subfolder = "vae" if (Path(other) / "vae").is_dir() else ""
    config = read_config(AutoencoderKL, other, subfolder=subfolder)
    if config.get("_class_name") != "AutoencoderKL":
        raise UsageError(f"vae={source.vae} is a {config.get('_class_name')}: give an AutoencoderKL")
    if channels(other, config, "latent_channels") != kind.latent_channels:
        raise UsageError(
            f"vae={source.vae} has {config.get('latent_channels')} latent channels, {source.model!r} needs "
            f"{kind.latent_channels}: give one made for this kind of model"
        )
    upcast = dataclasses.replace(kind, upcast=bool(config.get("force_upcast", True)))
    return load_component(AutoencoderKL, other, upcast.vae_dtype(dtype), subfolder=subfolder)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without progress bars, which would tear the stage's own, and without remarks: what matters is checked here."""
    with quiet_transformers(), warnings.catch_warnings(), quiet_diffusers():
        warnings.simplefilter("ignore")
        from diffusers.utils import logging

        logging.disable_progress_bar()
        yield
