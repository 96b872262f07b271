"""The regions ``text:MODEL``: where a model that segments by words sees them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.keys import digest_files
from diffex_cli.core.adapters import ADAPTER, check_adapter, refuse_hub_adapter
from diffex_cli.core.errors import DiffexError, UsageError, one_line
from diffex_cli.core.hierarchy import Term
from diffex_cli.core.machine import load_from_hub, local_folder, pick_device, quiet_transformers, resolve_commit
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import need_model, number, read_options, text, whole
from diffex_cli.editors.base import Settled
from diffex_cli.editors.regions.base import RegionImage
from diffex_cli.editors.regions.feather import grown

_FILES = ("*.json", "*.txt", "*.model", "*.safetensors", ADAPTER)


@dataclasses.dataclass(frozen=True)
class TextRegionOptions:
    """What to look for, and what of it counts.

    Attributes:
        words: for the place, instead of the attribute's.
        threshold: the least probability, by the model, of a pixel that is inside.
        grow: how far the region grows on every side, in pixels of the picture.
        revision: a hub model's branch, tag or commit.
    """

    words: str = text("")
    threshold: float = number(0.4, 0, 1)
    grow: int = whole(0, 0, 512)
    revision: str | None = text(None)


class _Loaded(NamedTuple):
    model: Any
    processor: Any
    tokenizer: Any
    device: Any


class TextRegions(Settled):
    """See :class:`~diffex_cli.editors.regions.base.Regions`. A CLIPSeg model (Lüddecke & Ecker 2022) of a folder or hub
    id, its weights in safetensors; a hub model is pinned to the commit in the local cache, or else to the newest. It
    sees what its image processor makes of the whole picture, and its map is enlarged to the picture's size."""

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        self._name, self._device, self._spec = need_model(spec, "text:FOLDER or text:HUB-ID"), device, spec.text
        self._options = read_options(spec, TextRegionOptions())
        self._folder = local_folder(self._name, repr(spec.text))
        if self._folder is None:
            return
        check_adapter(self._folder, repr(spec.text))
        if self._options.revision is not None:
            raise UsageError(f"{spec.text!r}: a local folder has no revision: remove the option")

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        options = {**dataclasses.asdict(self._options), "revision": None}
        if self._folder is not None:
            model: dict[str, object] = {"files": digest_files(self._folder, _FILES)}
        else:
            model = {"model": self._name, "commit": self._commit}
        return {"regions": "text", "version": 1, **model, **options}

    def regions(self, image: RegionImage, terms: Sequence[Term]) -> Iterator[NDArray[np.bool_]]:
        words = [self._options.words or term.place for term in terms]
        for seen in self._seen(image, tuple(words)):
            yield grown(seen >= self._options.threshold, self._options.grow)

    def _seen(self, image: RegionImage, words: Sequence[str]) -> Iterator[NDArray[np.float32]]:
        """The probability of each, shape (height, width)."""
        import torch

        loaded, picture = self._loaded, image.picture
        with torch.inference_mode():
            pixels = loaded.processor(images=[picture], return_tensors="pt")["pixel_values"].to(loaded.device)
            for each in words:
                tokens = loaded.tokenizer([each], truncation=True, return_tensors="pt").to(loaded.device)
                given = {name: tokens[name] for name in ("input_ids", "attention_mask")}
                logits = loaded.model(pixel_values=pixels, **given).logits.float()
                chances = logits.reshape(1, 1, *logits.shape[-2:]).sigmoid()
                full = torch.nn.functional.interpolate(chances, image.size[::-1], mode="bilinear")[0, 0].cpu().numpy()
                if not np.isfinite(full).all():
                    raise DiffexError(f"the model of --region {self._spec} gave numbers that are not finite")
                yield full

    @functools.cached_property
    def _commit(self) -> str:
        return resolve_commit(self._name, self._options.revision)

    @functools.cached_property
    def _loaded(self) -> _Loaded:
        try:
            with quiet_transformers():
                if self._folder is not None:
                    return self._read(str(self._folder))
                loaded = load_from_hub(self._read, self._name, self._commit)
        except DiffexError:
            raise
        except Exception as error:
            raise UsageError(
                f"{self._spec!r}: the model cannot be loaded ({one_line(error)}): name a CLIPSeg model, its weights in "
                "safetensors"
            ) from error
        refuse_hub_adapter(loaded.model, self._spec)
        return loaded

    def _read(self, source: str, **where: Any) -> _Loaded:
        import torch
        from transformers import AutoConfig, AutoImageProcessor, AutoTokenizer, CLIPSegForImageSegmentation

        where["trust_remote_code"] = False
        kind = AutoConfig.from_pretrained(source, **where).model_type
        if kind != "clipseg":
            raise UsageError(f"{self._spec!r}: the model is of the kind {kind!r}: name a CLIPSeg model")
        processor = AutoImageProcessor.from_pretrained(source, backend="pil", **where)
        tokenizer = AutoTokenizer.from_pretrained(source, **where)
        del where["trust_remote_code"]
        model, info = CLIPSegForImageSegmentation.from_pretrained(
            source, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **where
        )
        if lacking := sorted({*info["missing_keys"], *(str(key[0]) for key in info["mismatched_keys"])}):
            raise UsageError(f"{self._spec!r}: the model has no usable weights for {', '.join(lacking[:3])}")
        device = pick_device(self._device)
        return _Loaded(model.to(device).eval(), processor, tokenizer, device)
