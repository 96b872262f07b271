"""The classifier ``torchvision``: a classification model of torchvision's, with its weights or one's own."""

from __future__ import annotations

import dataclasses
import functools
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffex_cli.artifacts.keys import file_digest
from diffex_cli.classifiers.backends.state_dict import Weights, channels_in, model_of_weights
from diffex_cli.classifiers.network import Network, NetworkClassifier, NetworkOptions, tensor_network
from diffex_cli.classifiers.packages import require
from diffex_cli.classifiers.preprocessing import Input, PixelOptions, Preprocessing, parse_preprocessing
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.machine import pick_device
from diffex_cli.core.registry import Spec, did_you_mean
from diffex_cli.core.spec_options import need_model, text
from diffex_cli.core.typed_paths import typed_path

if TYPE_CHECKING:
    import torch

_TRANSFORMING = ("googlenet", "inception_v3")
_AS_PRETRAINED = {"transform_input": True, "init_weights": False}
"""What torchvision builds its pretrained Inceptions with, and so those that people train further."""

_SUFFIXES = (".safetensors", ".pth", ".pt", ".bin", ".ckpt", ".tar")


@dataclasses.dataclass(frozen=True)
class TorchvisionOptions(NetworkOptions, PixelOptions):
    """``weights``: the name of a set, or a file."""

    weights: str = text()


class TorchvisionClassifier(NetworkClassifier[TorchvisionOptions]):
    """``torchvision:NAME[:weights=W,labels=FILE,kind=K,values=V,batch=N,…]``; needs the extra ``torchvision``.
    ``weights`` is one of the model's sets, such as ``IMAGENET1K_V2``, or a file of one's own. torchvision's sets are
    taken from torch's cache or downloaded, checked against the digest in their name, and unpickled with
    ``weights_only``. The preprocessing is that of the set, for a file that of the default set."""

    backend = "torchvision"
    defaults = TorchvisionOptions()

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        """Check the options and that a file of weights is there. What torchvision knows is asked later."""
        super().__init__(spec, device)
        need_model(spec, "torchvision:NAME, such as torchvision:resnet50")
        weights = self._options.weights
        file = typed_path(weights)
        self._own = file if file.is_file() else None
        if self._own is None and ("/" in weights or file.suffix in _SUFFIXES):
            raise UsageError(f"{spec.text!r}: there is no file {file}")

    def _weights(self) -> Mapping[str, object]:
        if self._own is not None:
            return {"architecture": self._spec.model, "weights": file_digest(self._own)}
        # The file's name ends in the first digits of its digest.
        return {"architecture": self._spec.model, "weights": self._set.url.rsplit("/", 1)[-1]}

    def _shown(self) -> Mapping[str, object]:
        return {"model": self._own.name if self._own is not None else str(self._set)}

    def _load(self) -> Network:
        device = pick_device(self._device)
        model = (self._with_own_weights(self._own) if self._own is not None else self._pretrained()).to(device).eval()
        names = None if self._own is not None else tuple(self._set.meta["categories"])
        wanted = Input(channels=channels_in(model, model.state_dict()))
        prepare = parse_preprocessing(self._spec, self._options, self._configured(), wanted)
        return tensor_network(model, device, prepare, names)

    @functools.cached_property
    def _models(self) -> Any:
        models = require("torchvision.models", "torchvision", self._spec)
        known = tuple(models.list_models(module=models))
        if self._spec.model not in known:
            hint = did_you_mean(self._spec.model, known).partition(";")[0]
            raise UsageError(f"{self._spec.text!r}: torchvision has no classification model {self._spec.model!r}{hint}")
        return models

    @functools.cached_property
    def _set(self) -> Any:
        """torchvision's entry for the weights, or for a file for the default ones."""
        sets = self._models.get_model_weights(self._spec.model)
        name = "DEFAULT" if self._own is not None else self._options.weights or "DEFAULT"
        if name not in sets.__members__:
            known = tuple(sets.__members__)
            raise UsageError(
                f"{self._spec.text!r}: there are no weights {name!r}{did_you_mean(name, known)}, or a file"
            )
        return sets[name]

    def _pretrained(self) -> torch.nn.Module:
        try:
            # The library's own loading, which knows the quirks of old weights, unpickles anything. What passes here,
            # where only tensors do, is harmless there too.
            self._set.get_state_dict(progress=False, check_hash=True, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            raise UsageError(
                f"the weights {self._set.url.rsplit('/', 1)[-1]} in torch's cache hold more than weights: "
                "remove the file"
            ) from error
        except (OSError, RuntimeError) as error:
            raise DiffexError(
                f"the weights {self._set.url} are not in torch's cache and cannot be downloaded ({error}): connect to "
                "the network, or put the file there"
            ) from error
        model: torch.nn.Module = self._models.get_model(self._spec.model, weights=self._set, progress=False)
        return model

    def _with_own_weights(self, file: Path) -> torch.nn.Module:
        name = self._spec.model
        plain = self._models.get_model(name, weights=None, **(_AS_PRETRAINED if name in _TRANSFORMING else {}))

        def build(classes: int, weights: Weights) -> torch.nn.Module:
            grey = channels_in(plain, weights) == 1
            more = {}
            if name in _TRANSFORMING:
                auxiliary = any(key.lower().startswith("aux") for key in weights)
                more = {**_AS_PRETRAINED, "transform_input": not grey, "aux_logits": auxiliary}
            model: torch.nn.Module = self._models.get_model(name, weights=None, num_classes=classes, **more)
            if grey:
                _take_one_channel(model)
            return model

        return model_of_weights(file, name, _last_layer(plain), build)

    def _configured(self) -> Preprocessing:
        wanted = self._set.transforms()
        size, resize = wanted.crop_size[0], wanted.resize_size[0]
        return Preprocessing(
            size=(size, size),
            resize=(resize, resize),
            fit="crop",
            mean=tuple(wanted.mean),
            std=tuple(wanted.std),
            interpolation=wanted.interpolation.value,
        )


def _last_layer(model: torch.nn.Module) -> str:
    """The name of the layer that classifies, which is the last one in all of torchvision's models."""
    import torch

    layers = (name for name, part in model.named_modules() if isinstance(part, torch.nn.Linear | torch.nn.Conv2d))
    return str(list(layers)[-1])


def _take_one_channel(model: torch.nn.Module) -> None:
    """Give a model of three channels a first convolution of one."""
    import torch

    name, first = next((name, part) for name, part in model.named_modules() if isinstance(part, torch.nn.Conv2d))
    one = torch.nn.Conv2d(
        1,
        first.out_channels,
        first.kernel_size,  # type: ignore[arg-type]
        first.stride,  # type: ignore[arg-type]
        first.padding,  # type: ignore[arg-type]
        first.dilation,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )
    parent, _, child = name.rpartition(".")
    setattr(model.get_submodule(parent), child, one)
