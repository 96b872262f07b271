"""The classifier ``transformers``: an image classifier in Hugging Face's format, local or from the hub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diffex_cli.classifiers.backends.processor import processing
from diffex_cli.classifiers.gradients import without_gradients
from diffex_cli.classifiers.labels import numbered
from diffex_cli.classifiers.network import Inside, Network, NetworkClassifier
from diffex_cli.classifiers.outputs import Kind
from diffex_cli.classifiers.pretrained import CONFIGURATION, PROCESSOR, Pretrained, PretrainedOptions, refuse_untrained
from diffex_cli.core.machine import pick_device
from diffex_cli.core.registry import Spec

_NEEDED = {"config.json": ("config.json",), "preprocessor_config.json": PROCESSOR, "*.safetensors": ("*.safetensors",)}
_KINDS: Mapping[str, Kind] = {"multi_label_classification": "multilabel", "regression": "regression"}


class TransformersClassifier(NetworkClassifier[PretrainedOptions]):
    """``transformers:<folder or hub id>[:batch=N,revision=R,labels=FILE,kind=K,values=V]``. The outputs are softmax
    logits unless the configuration's ``problem_type`` says multi-label or regression; a single output without one is a
    regression, as it is for transformers. ``kind`` and ``values`` say otherwise."""

    backend = "transformers"
    defaults = PretrainedOptions()

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        super().__init__(spec, device)
        hint = (
            "save the model and its image processor there with save_pretrained (weights are read from safetensors only)"
        )
        self._pretrained = Pretrained(spec, CONFIGURATION, _NEEDED, hint)

    def _weights(self) -> Mapping[str, object]:
        return self._pretrained.identity

    def _shown(self) -> Mapping[str, object]:
        return self._pretrained.shown

    def _load(self) -> Network:
        device = pick_device(self._device)
        model, processor = self._pretrained.load(self._from)
        model = model.to(device).eval()
        id2label = model.config.id2label
        names = numbered(id2label, f"the classes of {self._spec.text} (id2label in its config.json)")
        grey = getattr(model.config, "num_channels", 3) == 1
        return Network(
            prepare=processing(processor, grey=grey, return_tensors="pt"),
            run=without_gradients(lambda prepared: model(**prepared.to(device)).logits),
            names=tuple(map(str, names)),
            kind=_KINDS.get(model.config.problem_type or "", "regression" if len(id2label) == 1 else "softmax"),
            inside=Inside(
                model,
                pixels=lambda prepared: prepared["pixel_values"].to(device),
                forward=lambda pixels: model(pixel_values=pixels).logits,
            ),
        )

    def _from(self, source: str, **where: Any) -> tuple[Any, Any]:
        import torch
        from transformers import AutoImageProcessor, AutoModelForImageClassification

        processor = AutoImageProcessor.from_pretrained(source, backend="pil", **where)
        model, info = AutoModelForImageClassification.from_pretrained(
            source, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **where
        )
        refuse_untrained(info, self._spec, "a trained image classifier")
        return model, processor
