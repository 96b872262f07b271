"""Checkpoints of weights alone, without running what is in them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from diffex_cli.core.errors import UsageError, one_line

if TYPE_CHECKING:
    import torch

_INSIDE = ("state_dict_ema", "model_ema", "state_dict", "model")
_PREFIX = "module."
T = TypeVar("T")


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """The weights in a ``.safetensors`` file, or in one that ``torch.save`` wrote. Of the latter only tensors and plain
    values are unpickled (``weights_only``). Weights that a training script keeps beside its own state, as timm's and
    torchvision's do, are found under ``state_dict`` or ``model``, an average of them (``…_ema``) first; the prefix
    ``module.`` of parallel training is removed."""
    import torch
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            content: Any = load_file(path)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise UsageError(
            f"the weights {path} cannot be read ({type(error).__name__}): diffex reads .safetensors, and of other "
            "files plain state_dicts only: save model.state_dict(), not the model"
        ) from error
    for key in _INSIDE:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    if not isinstance(content, Mapping) or not content or not all(map(torch.is_tensor, content.values())):
        raise UsageError(f"{path} holds no state_dict: save model.state_dict() there")
    return {str(key).removeprefix(_PREFIX): value for key, value in content.items()}


def load_weights(model: Any, weights: Mapping[str, torch.Tensor], path: Path) -> None:
    # Some layers refuse weights that do not say of which version they are, which safetensors cannot.
    versioned = OrderedDict(weights)
    versioned._metadata = model.state_dict()._metadata  # type: ignore[attr-defined]
    try:
        model.load_state_dict(versioned, strict=True)
    except RuntimeError as error:
        raise UsageError(f"the weights {path} do not fit {type(model).__name__}: {one_line(error)}") from None


def model_of_weights(file: Path, architecture: str, head: str, build: Callable[[int], T]) -> T:
    """A model with the weights of a file, and with as many classes as they have. ``head``: the name of the layer that
    classifies. ``build``: makes the model with so many classes."""
    weights = read_state_dict(file)
    if f"{head}.weight" not in weights:
        raise UsageError(f"the weights {file} have no {head}.weight: they are not of a {architecture} classifier")
    model = build(len(weights[f"{head}.weight"]))
    load_weights(model, weights, file)
    return model
