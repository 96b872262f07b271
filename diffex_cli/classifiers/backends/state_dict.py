"""Checkpoints of weights alone, as training scripts leave them, without running what is in them."""

from __future__ import annotations

import argparse
import collections
import pathlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from diffex_cli.core.errors import UsageError, one_line
from diffex_cli.core.plain_files import refuse_lfs_pointer

if TYPE_CHECKING:
    import torch

_INSIDE = ("state_dict_ema", "model_ema", "ema_state_dict", "state_dict", "model_state_dict", "model", "net", "network")
_COUNTER = "num_batches_tracked"
"""Of a batch norm: files that are older than it do without, and nothing depends on it."""
_AVERAGED = "n_averaged"
"""How many steps an average was taken of."""
_UNSAFE = re.compile(r"GLOBAL ([\w.]+)")
T = TypeVar("T")
Weights = dict[str, "torch.Tensor"]


def read_state_dict(path: Path) -> Weights:
    """The weights in a ``.safetensors`` file, or in one that ``torch.save`` wrote. Of the latter only tensors and plain
    values are unpickled (``weights_only``), and what training scripts keep beside them: their arguments, paths and
    NumPy's numbers. Weights beside such a script's state, as those of timm, torchvision and Lightning, are found under
    ``state_dict``, ``model`` and the like, an average of them (``…_ema``) first."""
    import torch
    from safetensors.torch import load_file

    refuse_lfs_pointer(path)
    try:
        if path.suffix == ".safetensors":
            content: Any = load_file(path)
        else:
            with torch.serialization.safe_globals(_harmless()):
                content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        unsafe = _UNSAFE.search(str(error))
        what = f"it holds a {unsafe[1]}" if unsafe else f"{type(error).__name__}: {one_line(error, 120)}"
        raise UsageError(
            f"the weights {path} cannot be read ({what}): diffex reads .safetensors, and of other files plain "
            "state_dicts only: save model.state_dict(), not the model"
        ) from error
    for key in _INSIDE:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    if not isinstance(content, Mapping) or not content or not all(map(torch.is_tensor, content.values())):
        raise UsageError(f"{path} holds no state_dict: save model.state_dict() there")
    return {str(key): value for key, value in content.items() if key != _AVERAGED}


def model_of_weights(file: Path, architecture: str, head: str, build: Callable[[int, Weights], T]) -> T:
    """A model with the weights of a file, and with as many classes as they have.

    Args:
        head: the name of the layer that classifies. What stands before it in the file's names (``module.``, ``model.``,
            ``_orig_mod.`` …) is taken away; of a head that is a ``Sequential`` with one layer that has weights, this
            is taken.
        build: makes the model with so many classes, and may look at the weights.

    Raises:
        UsageError: they are not of this architecture.
    """
    weights = _as_the_model_has_them(read_state_dict(file), head, file, architecture)
    model = build(len(weights[f"{head}.weight"]), weights)
    _load_weights(model, weights, file)
    return model


def _harmless() -> list[Any]:
    """What holds no more than data."""
    numbers = {type(np.dtype(kind)) for kind in np.typecodes["AllInteger"] + np.typecodes["Float"] + "?"}
    scalar = np.float64(0).__reduce__()[0]
    paths = [pathlib.PosixPath, pathlib.PurePosixPath, pathlib.PureWindowsPath]
    return [argparse.Namespace, collections.defaultdict, dict, np.dtype, scalar, *numbers, *paths]


def _as_the_model_has_them(weights: Weights, head: str, file: Path, architecture: str) -> Weights:
    base = head.rstrip("0123456789").removesuffix(".")
    exact = [key for key in weights if key == f"{head}.weight" or key.endswith(f".{head}.weight")]
    loose = re.compile(rf"(?:.*\.)?{re.escape(base)}(?:\.\d+)?\.weight")
    keys = exact or [key for key in weights if loose.fullmatch(key)]
    if not keys:
        raise UsageError(f"the weights {file} have no {head}.weight: they are not of a {architecture} classifier")
    if len(keys) > 1:
        several = "several models" if exact else f"several layers in the place of {head}"
        raise UsageError(
            f"the weights {file} are of {several} ({', '.join(keys[:3])}): save the state_dict of the one model, or "
            "export it (onnx:, torch:)"
        )
    found = keys[0].removesuffix(".weight")
    prefix = found[: len(found) - len(head)] if exact else found[: found.rindex(base)]
    inside = {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}
    found = found.removeprefix(prefix)
    named = {f"{found}.{part}": f"{head}.{part}" for part in ("weight", "bias")}
    return {named.get(key, key): value for key, value in inside.items()}


def _load_weights(model: Any, weights: Weights, path: Path) -> None:
    own = model.state_dict()
    counters = {key: value for key, value in own.items() if key.endswith(_COUNTER)}
    # Some layers refuse weights that do not say of which version they are, which safetensors cannot.
    versioned = OrderedDict({**counters, **weights})
    versioned._metadata = own._metadata  # type: ignore[attr-defined]
    try:
        model.load_state_dict(versioned, strict=True)
    except RuntimeError as error:
        raise UsageError(f"the weights {path} do not fit {type(model).__name__}: {one_line(error)}") from None


def channels_in(model: Any, weights: Mapping[str, Any]) -> int:
    """How many channels of a picture the weights' first convolution takes; ``model``: of the same architecture."""
    import torch

    for name, part in model.named_modules():
        if isinstance(part, torch.nn.Conv2d) and f"{name}.weight" in weights:
            return int(weights[f"{name}.weight"].shape[1]) * part.groups
    return 3
