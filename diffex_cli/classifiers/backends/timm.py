"""The classifier ``timm``: an image model of timm's, from a folder, the hub, or one's own weights."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffex_cli.artifacts.keys import file_digest
from diffex_cli.classifiers.backends.state_dict import Weights, channels_in, model_of_weights
from diffex_cli.classifiers.network import Network, NetworkClassifier, tensor_network
from diffex_cli.classifiers.packages import require
from diffex_cli.classifiers.preprocessing import Fit, Input, PixelOptions, Preprocessing, centred, parse_preprocessing
from diffex_cli.classifiers.pretrained import Pretrained, PretrainedOptions
from diffex_cli.core.errors import UsageError
from diffex_cli.core.machine import pick_device
from diffex_cli.core.registry import Spec, did_you_mean
from diffex_cli.core.spec_options import file, need_model
from diffex_cli.core.typed_paths import typed_path

_FILES = ("config.json", "model.safetensors")
_NEEDED = {name: (name,) for name in _FILES}
_FITS: Mapping[str, Fit] = {"center": "crop", "squash": "squash", "border": "pad"}


@dataclasses.dataclass(frozen=True)
class TimmOptions(PretrainedOptions, PixelOptions):
    """``weights``: a file of one's own."""

    weights: Path | None = file()


class TimmClassifier(NetworkClassifier[TimmOptions]):
    """``timm:<folder, hub id or name>[:weights=FILE,revision=R,labels=FILE,kind=K,values=V,batch=N,…]``. A folder is
    one that ``timm.models.save_for_hf(…, safe_serialization=True)`` wrote. Of a name that timm knows, such as
    ``resnet18.a1_in1k``, the weights are those on the hub, or with ``weights=FILE`` one's own. The preprocessing is
    that of the model's configuration. So are the labels, or else ImageNet's for pretrained models with as many classes.
    """

    backend = "timm"
    defaults = TimmOptions()

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        super().__init__(spec, device)
        need_model(spec, "timm:NAME, timm:FOLDER or timm:HUB-ID")
        self._own = self._options.weights
        if self._own is not None and (_is_pretrained(spec) or self._options.revision):
            raise UsageError(f"{spec.text!r}: weights=FILE needs the name of an architecture, such as timm:resnet18")
        if _is_pretrained(spec):
            _ = self._pretrained

    @functools.cached_property
    def _pretrained(self) -> Pretrained:
        spec = self._spec
        if not _is_pretrained(spec):
            spec = dataclasses.replace(spec, model=self._hub_id())
        hint = "save the model there with timm.models.save_for_hf(…, safe_serialization=True)"
        return Pretrained(spec, _FILES, _NEEDED, hint)

    def _weights(self) -> Mapping[str, object]:
        if self._own is not None:
            return {"architecture": self._spec.model, "weights": file_digest(self._own)}
        return self._pretrained.identity

    def _shown(self) -> Mapping[str, object]:
        return {"model": self._own.name} if self._own is not None else self._pretrained.shown

    def _load(self) -> Network:
        device = pick_device(self._device)
        model = self._with_own_weights(self._own) if self._own is not None else self._pretrained.load(self._from)
        channels = channels_in(model, model.state_dict())
        prepare = parse_preprocessing(self._spec, self._options, self._configured(model), Input(channels=channels))
        names = None if self._own is not None else self._names(model)
        return tensor_network(model.to(device).eval(), device, prepare, names)

    def _hub_id(self) -> str:
        timm = require("timm", "timm", self._spec)
        name = self._known_name(timm)
        try:
            found = timm.get_pretrained_cfg(name)
        except RuntimeError:  # an unknown tag
            found = None
        if found is None or not found.hf_hub_id:
            tags = timm.list_pretrained(name.partition(".")[0] + ".*")[:5]
            instead = f", or name one of {', '.join(tags)}" if tags else ""
            raise UsageError(f"{self._spec.text!r}: timm has no weights on the hub for it: add weights=FILE{instead}")
        hub_id: str = found.hf_hub_id
        return hub_id

    def _known_name(self, timm: Any) -> str:
        name = self._spec.model
        if not timm.is_model(name.partition(".")[0]):
            known = tuple(timm.list_models())
            hint = did_you_mean(name, known).partition(";")[0]
            raise UsageError(f"{self._spec.text!r}: timm has no model {name!r}{hint}, and there is no such folder")
        return name

    def _with_own_weights(self, file: Path) -> Any:
        timm = require("timm", "timm", self._spec)
        name = self._known_name(timm)
        plain = timm.create_model(name, pretrained=False)
        heads = plain.default_cfg["classifier"]
        head = heads if isinstance(heads, str) else heads[0]

        def build(classes: int, weights: Weights) -> Any:
            channels = channels_in(plain, weights)
            return timm.create_model(name, pretrained=False, num_classes=classes, in_chans=channels)

        return model_of_weights(file, name, head, build)

    def _from(self, source: str, **where: Any) -> Any:
        timm = require("timm", "timm", self._spec)
        folder = source if self._pretrained.folder is not None else _snapshot(source, **where)
        return timm.create_model(f"local-dir:{folder}", pretrained=True)

    def _configured(self, model: Any) -> Preprocessing:
        data = require("timm.data", "timm", self._spec).resolve_model_data_config(model)
        channels, height, width = data["input_size"]
        configured = centred(
            (height, width),
            data["crop_pct"],
            _FITS[data["crop_mode"]],
            data["mean"],
            data["std"],
            data["interpolation"],
        )
        # A model of one channel, of which the configuration knows three.
        grey = channels == 1 and len(configured.mean) == 1
        return dataclasses.replace(configured, channels="grey") if grey else configured

    def _names(self, model: Any) -> tuple[str, ...] | None:
        config = model.pretrained_cfg
        names = config.get("label_names")
        if not names:
            data = require("timm.data", "timm", self._spec)
            subset = data.infer_imagenet_subset(model)
            return tuple(data.ImageNetInfo(subset).label_descriptions()) if subset else None
        described = config.get("label_descriptions") or {}
        return tuple(str(described.get(name, name)) for name in names)


def _is_pretrained(spec: Spec) -> bool:
    """Whether a folder or a hub id is named, rather than an architecture."""
    return "/" in spec.model or typed_path(spec.model).is_dir()


def _snapshot(hub_id: str, revision: str, local_files_only: bool = False, **_: object) -> str:
    """The folder in the hub's cache with the model's files; OSError if one is missing there."""
    from huggingface_hub import snapshot_download

    folder = snapshot_download(
        hub_id, revision=revision, local_files_only=local_files_only, allow_patterns=list(_FILES)
    )
    for name in _FILES:
        if not (Path(folder) / name).is_file():
            raise FileNotFoundError(f"{hub_id} has no {name}: diffex reads weights from safetensors only")
    return folder
