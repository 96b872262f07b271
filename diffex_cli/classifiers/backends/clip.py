"""The classifier ``clip``: zero-shot classes described in words, by CLIP or SigLIP."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from diffex_cli.artifacts.keys import digest
from diffex_cli.classifiers.backends.descriptions import Described, read_descriptions
from diffex_cli.classifiers.gradients import without_gradients
from diffex_cli.classifiers.network import Inside, Network, NetworkClassifier
from diffex_cli.classifiers.pretrained import CONFIGURATION, PROCESSOR, Pretrained, PretrainedOptions, refuse_untrained
from diffex_cli.core.errors import UsageError
from diffex_cli.core.machine import pick_device
from diffex_cli.core.registry import Spec

if TYPE_CHECKING:
    import torch

_TOKENIZER = ("tokenizer.json", "vocab.json", "vocab.txt", "*.model")
_SPECIAL = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "merges.txt")
_FILES = (*CONFIGURATION, *_TOKENIZER, *_SPECIAL)
_NEEDED = {
    "config.json": ("config.json",),
    "preprocessor_config.json": PROCESSOR,
    "tokenizer.json": _TOKENIZER,
    "*.safetensors": ("*.safetensors",),
}
_TEXTS_AT_A_TIME = 64


@dataclasses.dataclass(frozen=True, slots=True)
class _Parts:
    model: Any
    processor: Any
    tokenizer: Any


class ClipClassifier(NetworkClassifier[PretrainedOptions]):
    """``clip:<folder or hub id>:labels=FILE[,batch=N,revision=R,kind=softmax|multilabel]``. The embeddings of a class's
    texts (:func:`read_descriptions`), each of length one, are averaged, as FLAIR does with experts' descriptions
    (Silva-Rodríguez et al. 2025). A logit is the cosine of the image's and the class's embedding, times the model's
    temperature, for SigLIP plus its bias. CLIP's are read as one class of several, SigLIP's as independent labels;
    ``kind`` says otherwise."""

    backend = "clip"
    defaults = PretrainedOptions()

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        super().__init__(spec, device)
        if self._options.kind not in (None, "softmax", "multilabel") or self._options.values:
            raise UsageError(f"{spec.text!r}: zero-shot classes are kind=softmax or kind=multilabel logits")
        hint = "save the model and its processor there with save_pretrained (weights are read from safetensors only)"
        self._pretrained = Pretrained(spec, _FILES, _NEEDED, hint)
        if self._options.labels is None:
            raise UsageError(f"{spec.text!r} names no classes: add labels=FILE.yaml, which describes each in words")
        self._classes: tuple[Described, ...] = read_descriptions(self._options.labels)

    @functools.cached_property
    def _file_names(self) -> tuple[str, ...]:
        return tuple(described.name for described in self._classes)

    def _weights(self) -> Mapping[str, object]:
        texts = digest([[described.name, *described.texts] for described in self._classes])
        return {**self._pretrained.identity, "descriptions": texts}

    def _shown(self) -> Mapping[str, object]:
        return self._pretrained.shown

    def _load(self) -> Network:
        import torch

        parts = self._pretrained.load(self._from)
        device = pick_device(self._device)
        model = parts.model.to(device).eval()
        # what inference_mode makes could not be part of a graph later
        with torch.no_grad():
            classes = self._class_embeddings(parts, device)
            scale = model.logit_scale.exp()
            bias = getattr(model, "logit_bias", None)

        def scores(**inputs: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = _unit(model.get_image_features(**inputs).pooler_output) @ classes.T * scale
            return logits if bias is None else logits + bias

        return Network(
            prepare=lambda pictures: parts.processor(images=list(pictures), return_tensors="pt"),
            run=without_gradients(lambda prepared: scores(**prepared.to(device))),
            kind="softmax" if bias is None else "multilabel",
            inside=Inside(
                model,
                pixels=lambda prepared: prepared["pixel_values"].to(device),
                forward=lambda pixels: scores(pixel_values=pixels),
            ),
        )

    def _class_embeddings(self, parts: _Parts, device: torch.device) -> torch.Tensor:
        """Shape (classes, embedding)."""
        import torch

        texts = [text for described in self._classes for text in described.texts]
        if parts.tokenizer.init_kwargs.get("do_lower_case"):
            texts = [text.lower() for text in texts]  # it was trained so, and does not do it by itself
        longest = parts.model.config.text_config.max_position_embeddings
        self._refuse_long(texts, parts.tokenizer, longest)
        # SigLIP was trained with every text padded to the full length, and reads the padding: no mask may hide it.
        siglip = hasattr(parts.model, "logit_bias")
        padding, read = ("max_length", ["input_ids"]) if siglip else (True, None)
        rows = []
        for start in range(0, len(texts), _TEXTS_AT_A_TIME):
            batch = texts[start : start + _TEXTS_AT_A_TIME]
            tokens = parts.tokenizer(batch, padding=padding, max_length=longest, truncation=True, return_tensors="pt")
            given = {name: ids for name, ids in tokens.to(device).items() if read is None or name in read}
            rows.append(_unit(parts.model.get_text_features(**given).pooler_output))
        each = torch.cat(rows).split([len(described.texts) for described in self._classes])
        return torch.stack([embeddings.mean(dim=0) for embeddings in each])

    def _refuse_long(self, texts: Sequence[str], tokenizer: Any, longest: int) -> None:
        for text in texts:
            count = len(tokenizer(text)["input_ids"])
            if count > longest:
                raise UsageError(
                    f"{self._options.labels}: the description {text[:60]!r} has {count} tokens, but the model reads "
                    f"{longest}: shorten it, or split it in two"
                )

    def _from(self, source: str, **where: Any) -> _Parts:
        import torch
        from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

        processor = AutoImageProcessor.from_pretrained(source, backend="pil", **where)
        tokenizer = AutoTokenizer.from_pretrained(source, **where)
        model, info = AutoModel.from_pretrained(
            source, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **where
        )
        if not all(hasattr(model, name) for name in ("get_image_features", "get_text_features", "logit_scale")):
            raise UsageError(
                f"{self._spec.text!r}: {type(model).__name__} does not compare images with texts: name a CLIP or "
                "SigLIP model"
            )
        refuse_untrained(info, self._spec, "a trained CLIP or SigLIP model")
        return _Parts(model, processor, tokenizer)


def _unit(embeddings: torch.Tensor) -> torch.Tensor:
    unit: torch.Tensor = embeddings / embeddings.norm(dim=-1, keepdim=True)
    return unit
