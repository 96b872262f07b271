"""The classifier ``clip``: zero-shot classes described in words, by CLIP or SigLIP."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING

from diffex_cli.artifacts.keys import digest
from diffex_cli.classifiers.backends.descriptions import Described, read_descriptions
from diffex_cli.classifiers.contrastive import Contrastive, ContrastiveSource
from diffex_cli.classifiers.gradients import without_gradients
from diffex_cli.classifiers.network import Inside, Network, NetworkClassifier
from diffex_cli.classifiers.pretrained import PretrainedOptions
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec

if TYPE_CHECKING:
    import torch


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
        self._source = ContrastiveSource(spec, device)
        if self._options.labels is None:
            raise UsageError(f"{spec.text!r} names no classes: add labels=FILE.yaml, which describes each in words")
        self._classes: tuple[Described, ...] = read_descriptions(self._options.labels)

    @functools.cached_property
    def _file_names(self) -> tuple[str, ...]:
        return tuple(described.name for described in self._classes)

    def _weights(self) -> Mapping[str, object]:
        texts = digest([[described.name, *described.texts] for described in self._classes])
        return {**self._source.identity, "descriptions": texts}

    def _shown(self) -> Mapping[str, object]:
        return self._source.shown

    def _load(self) -> Network:
        import torch

        opened = self._source.load()
        with torch.no_grad():  # what inference_mode makes could not be part of a graph later
            classes = self._class_embeddings(opened)

        def scores(**inputs: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = opened.images(**inputs) @ classes.T * opened.scale
            return logits if opened.bias is None else logits + opened.bias

        return Network(
            prepare=opened.prepared,
            run=without_gradients(lambda prepared: scores(**prepared.to(opened.device))),
            kind="softmax" if opened.bias is None else "multilabel",
            inside=Inside(
                opened.model,
                pixels=lambda prepared: prepared["pixel_values"].to(opened.device),
                forward=lambda pixels: scores(pixel_values=pixels),
            ),
        )

    def _class_embeddings(self, opened: Contrastive) -> torch.Tensor:
        """Shape (classes, embedding)."""
        import torch

        texts = [text for described in self._classes for text in described.texts]
        each = opened.texts(texts, self._too_long).split([len(described.texts) for described in self._classes])
        return torch.stack([embeddings.mean(dim=0) for embeddings in each])

    def _too_long(self, text: str, count: int, longest: int) -> UsageError:
        return UsageError(
            f"{self._options.labels}: the description {text[:60]!r} has {count} tokens, but the model reads "
            f"{longest}: shorten it, or split it in two"
        )
