"""How different two pictures look to a trained network.

The distance of Zhang et al. 2018 ("The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", Eq. 1)
without learned weights, so that any network serves: at every position of every feature map the channels are scaled to
unit length; the squared differences are summed over the channels, averaged over the positions, and then over the maps.
It is 0 for equal pictures and at most 4. Distances of different networks cannot be compared.
"""

from __future__ import annotations

import functools
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from PIL import Image

from diffex_cli.artifacts.keys import digest_files
from diffex_cli.classifiers.pretrained import lacking_weights
from diffex_cli.core.adapters import ADAPTER, check_adapter, refuse_hub_adapter
from diffex_cli.core.domains import packaged
from diffex_cli.core.errors import DiffexError, UsageError, one_line
from diffex_cli.core.machine import load_from_hub, local_folder, pick_device, quiet_transformers, resolve_commit

if TYPE_CHECKING:
    import torch

Features: TypeAlias = "tuple[torch.Tensor, ...]"

NONE = "none"
"""The name that asks for no network."""

PACKAGED: Mapping[str, Path] = {"birds": packaged("probe")}
"""The networks that come with diffex, by name."""

_INPUTS_KEPT = 4
_FILES = ("config.json", "preprocessor_config.json", "processor_config.json", ADAPTER, "*.safetensors")
_REMEDY = "give another --perceptual, or --perceptual none"


class _Loaded(NamedTuple):
    model: Any
    processor: Any
    device: torch.device


def open_perception(name: str, device: str = "auto") -> Perception | None:
    """The network of this name, not loaded yet: ``none``, the name of a packaged one, a folder, or a hub id."""
    return None if name == NONE else Perception(name, device)


class Perception:
    """Any image model of transformers that tells its hidden states: maps of shape (b, channels, h, w) or tokens of
    shape (b, tokens, channels). Weights are read from safetensors only, no code of the model's own is run, and a hub
    model is pinned to the commit in the local cache, or else to the newest. The network sees what its image processor
    makes of a picture."""

    def __init__(self, name: str, device: str = "auto") -> None:
        self._name = name
        self._device = device
        self._folder = _folder(name)
        self._loaded: _Loaded | None = None
        self._inputs: OrderedDict[str, Features] = OrderedDict()

    @property
    def settings(self) -> dict[str, object]:
        """Which network it is, for the record: its name and its files' digest, or the hub id and commit."""
        if self._folder is not None:
            return {"model": self._folder.resolve().name, "files": digest_files(self._folder, _FILES)}
        return {"model": self._name, "commit": resolve_commit(self._name)}

    def load(self) -> None:
        if self._loaded is not None:
            return
        device = pick_device(self._device)
        try:
            loaded = self._load(device)
            maps = _features(loaded, Image.new("RGB", (64, 64), (128, 64, 32)))
        except DiffexError as error:
            raise UsageError(f"the network {self._name} for perceptual distances: {error}; {_REMEDY}") from error
        except Exception as error:
            raise UsageError(
                f"the network {self._name} for perceptual distances cannot be used ({one_line(error)}): {_REMEDY}"
            ) from error
        if not maps:
            raise UsageError(f"the network {self._name} for perceptual distances returns no feature maps: {_REMEDY}")
        if not all(bool(one.isfinite().all()) for one in maps):
            raise UsageError(
                f"the network {self._name} for perceptual distances gives numbers that are not finite: {_REMEDY}"
            )
        self._loaded = loaded

    def features(self, picture: Image.Image) -> Features:
        """The feature maps of an RGB picture, each of shape (positions, channels), the channels of unit length."""
        self.load()
        assert self._loaded is not None
        return _features(self._loaded, picture)

    def distance(self, before: Image.Image, after: Image.Image, key: str | None = None) -> float:
        """The distance of two RGB pictures, in [0, 4]. ``key``: names the first, whose features are then kept for a few
        calls."""
        found = distance(self._input_features(before, key), self.features(after))
        if not math.isfinite(found):
            raise DiffexError(f"the network {self._name} gave features that are not finite")
        return found

    def _input_features(self, picture: Image.Image, key: str | None) -> Features:
        if key is None:
            return self.features(picture)
        if key not in self._inputs:
            self._inputs[key] = self.features(picture)
        self._inputs.move_to_end(key)
        while len(self._inputs) > _INPUTS_KEPT:
            self._inputs.popitem(last=False)
        return self._inputs[key]

    def _load(self, device: torch.device) -> _Loaded:
        if self._folder is not None:
            return _read(str(self._folder), device)
        loaded = load_from_hub(functools.partial(_read, device=device), self._name, resolve_commit(self._name))
        refuse_hub_adapter(loaded.model, f"--perceptual {self._name}")
        return loaded


def _features(loaded: _Loaded, picture: Image.Image) -> Features:
    import torch

    with torch.inference_mode():
        pixels = loaded.processor(images=[picture], return_tensors="pt")["pixel_values"].to(loaded.device)
        states = loaded.model(pixel_values=pixels, output_hidden_states=True).hidden_states or ()
        return tuple(unit_channels(state[0]) for state in states if state.ndim in (3, 4))


def unit_channels(state: torch.Tensor) -> torch.Tensor:
    """One picture's hidden state, of shape (channels, h, w) or (tokens, channels), as (positions, channels), the
    channels scaled to unit length."""
    import torch

    rows = state.float().flatten(1).T if state.ndim == 3 else state.float()
    return torch.nn.functional.normalize(rows, dim=1, eps=1e-10)


def distance(before: Sequence[torch.Tensor], after: Sequence[torch.Tensor]) -> float:
    """Zhang et al. 2018, Eq. 1, with equal weights, averaged over the maps. ``before``: maps of shape (positions,
    channels), the channels of unit length."""
    import torch

    layers = [(one - other).square().sum(dim=1).mean() for one, other in zip(before, after, strict=True)]
    return float(torch.stack(layers).mean())


def _folder(name: str) -> Path | None:
    """Where a network lies; ``None`` if the name is a hub id."""
    folder = PACKAGED.get(name)
    if folder is None:
        folder = local_folder(name, f"--perceptual {name}", _REMEDY)
        if folder is not None:
            check_adapter(folder, f"--perceptual {name}")
        return folder
    if not folder.is_dir():
        raise UsageError(f"--perceptual {name}: {folder} is not installed: run `make train-birds`, or {_REMEDY}")
    return folder


def _read(source: str, device: torch.device, **where: Any) -> _Loaded:
    """Read a network with the class that its checkpoint names, or its trunk."""
    import torch
    from transformers import AutoConfig, AutoImageProcessor, AutoModel, AutoModelForImageClassification

    where["trust_remote_code"] = False
    with quiet_transformers():
        processor = AutoImageProcessor.from_pretrained(source, backend="pil", **where)
        classes = AutoConfig.from_pretrained(source, **where).architectures or [""]
        factory = AutoModelForImageClassification if classes[0].endswith("ForImageClassification") else AutoModel
        model, info = factory.from_pretrained(
            source, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **where
        )
    # A pooler comes after the hidden states, and many a trunk is saved without one.
    if lacking := lacking_weights(info, but="pooler"):
        raise UsageError(f"there are no usable weights for {lacking}")
    # A model of pictures and texts: only the half that sees.
    return _Loaded(getattr(model, "vision_model", model).to(device).eval(), processor, device)
