"""Adds low-rank adaptations (LoRA) to a pipeline's weights, for good."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import logging
import math
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from diffex_cli.core.errors import UsageError, one_line
from diffex_cli.core.typed_paths import typed_path

_KINDS = {
    "dora_scale": "a DoRA",
    "hada_w": "a LoHa",
    "lokr_w": "a LoKr",
    "oft_blocks": "an OFT",
    "on_input": "an (IA)³",
}
"""What of a key's name is found in the errors and remarks of diffusers → what such a file is."""

_USUAL_NAME = "pytorch_lora_weights.safetensors"


@dataclasses.dataclass(frozen=True)
class Lora:
    """One adaptation: W + ``weight``·(alpha / r)·B·A (Hu et al. 2022, §4.1). ``file``: the weights; ``None`` for a hub
    id."""

    name: str
    file: Path | None
    weight: float


def parse_loras(text: str) -> tuple[Lora, ...]:
    """Read ``NAME[@WEIGHT][+…]``, each name a ``.safetensors`` file, a folder that holds one, or a hub id."""
    return tuple(_parse(part) for part in text.split("+")) if text else ()


def usable_loras(text: str) -> tuple[Lora, ...]:
    """:func:`parse_loras`, where the library for them is installed."""
    loras = parse_loras(text)
    if loras and importlib.util.find_spec("peft") is None:
        raise UsageError(f'lora={text} needs the package peft: pip install "diffex[lora]"')
    return loras


def fuse_loras(pipeline: Any, loras: Iterable[Lora]) -> None:
    """Add to the pipeline's weights, in place, so that adapted models run no slower."""
    for lora in loras:
        try:
            used = _fuse(pipeline, lora)
        except Exception as error:
            kind = next((kind for part, kind in _KINDS.items() if part in str(error)), None)
            if kind is not None:
                raise UsageError(
                    f"lora={lora.name} is {kind}, which cannot be added as it is: merge it into the model with the "
                    "program that it was made with and give that model, or give a plain LoRA"
                ) from error
            reason = one_line(error, 200).rstrip(" .:")
            raise UsageError(
                f"lora={lora.name} cannot be added ({reason}): give a complete one, made for this kind of model"
            ) from error
        if not used:
            raise UsageError(f"lora={lora.name} holds nothing for this model: give one made for this kind of model")


def _fuse(pipeline: Any, lora: Lora) -> bool:
    """Whether the pipeline has anything that the adaptation is for."""
    with warnings.catch_warnings(), _remarks() as remarks:
        # peft only warns when it cannot place an alpha, and the layer would get another weight than it was trained with
        warnings.filterwarnings("error", message=".*alpha_pattern keys did not match")
        pipeline.load_lora_weights(str(lora.file or lora.name), use_safetensors=True)
    used = bool(pipeline.get_active_adapters())
    # So diffusers does: it takes the magnitudes off a DoRA, and leaves out layers that the model does not have.
    left_out = next((remark for remark in remarks if "dora_scale" in remark or "unexpected keys" in remark), "")
    if left_out:
        raise ValueError(left_out)
    pipeline.fuse_lora(lora_scale=lora.weight, safe_fusing=True)
    pipeline.unload_lora_weights()
    return used


@contextlib.contextmanager
def _remarks() -> Iterator[list[str]]:
    """What diffusers remarks, which it does not show meanwhile."""
    found: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("diffusers")
    level, others, propagate = logger.level, logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.WARNING)
    try:
        yield found
    finally:
        logger.handlers, logger.propagate = others, propagate
        logger.setLevel(level)


def _parse(part: str) -> Lora:
    name, at, number = part.rpartition("@")
    if not at:
        name, number = part, "1"
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    if not name or not math.isfinite(weight):
        raise UsageError(f"lora={part}: write FILE.safetensors, FOLDER or a hub id, then @ and a weight such as 0.8")
    path = typed_path(name)
    if path.is_dir():
        return Lora(name, _only_file(path), weight)
    if path.suffix != ".safetensors":
        if path.exists() or path.suffix in (".bin", ".ckpt", ".pt"):
            raise UsageError(f"lora={name}: only safetensors are opened, convert it")
        if name.count("/") != 1 or name.startswith((".", "~")):
            raise UsageError(f"lora={name}: there is no such folder")
        return Lora(name, None, weight)
    if not path.is_file():
        raise UsageError(f"lora={name}: there is no such file")
    return Lora(name, path, weight)


def _only_file(folder: Path) -> Path:
    files = sorted(folder.glob("*.safetensors"))
    usual = folder / _USUAL_NAME
    if usual in files:
        return usual
    if len(files) != 1:
        raise UsageError(f"lora={folder}: the folder holds {len(files)} safetensors files, name the one to use")
    return files[0]
