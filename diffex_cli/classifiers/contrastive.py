"""Models that compare pictures with texts: CLIP, SigLIP and SigLIP 2, through transformers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image

from diffex_cli.classifiers.pretrained import CONFIGURATION, PROCESSOR, Pretrained, refuse_untrained
from diffex_cli.classifiers.quick import quick
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
_HINT = "save the model and its processor there with save_pretrained (weights are read from safetensors only)"
_TEXTS_AT_A_TIME = 64


@dataclasses.dataclass(frozen=True, slots=True)
class Contrastive:
    """A loaded model; embeddings have length one.

    Attributes:
        scale: what a cosine is multiplied by for a logit, a tensor without dimensions.
        bias: what is added, likewise; ``None`` of a model that only compares texts with each other.
    """

    model: Any
    processor: Callable[[Sequence[Image.Image]], Any]
    tokenizer: Any
    device: torch.device
    scale: torch.Tensor
    bias: torch.Tensor | None

    def prepared(self, pictures: Sequence[Image.Image]) -> Any:
        """Pictures as :meth:`images` takes them, by name; not on the device yet."""
        return self.processor(pictures)

    def images(self, **inputs: torch.Tensor) -> torch.Tensor:
        """Shape (pictures, embedding)."""
        return unit(self.model.get_image_features(**inputs).pooler_output)

    def texts(self, texts: Sequence[str], too_long: Callable[[str, int, int], UsageError]) -> torch.Tensor:
        """Shape (texts, embedding).

        Args:
            too_long: a text, its tokens and how many the model reads → what is raised.
        """
        import torch

        if self.tokenizer.init_kwargs.get("do_lower_case"):
            texts = [text.lower() for text in texts]  # it was trained so, and does not do it by itself
        longest = self.model.config.text_config.max_position_embeddings
        for text in texts:
            if (count := len(self.tokenizer(text)["input_ids"])) > longest:
                raise too_long(text, count, longest)
        # SigLIP was trained with every text padded to the full length, and reads the padding: no mask may hide it.
        padding, read = (True, None) if self.bias is None else ("max_length", ["input_ids"])
        rows = []
        for start in range(0, len(texts), _TEXTS_AT_A_TIME):
            batch = texts[start : start + _TEXTS_AT_A_TIME]
            tokens = self.tokenizer(batch, padding=padding, max_length=longest, truncation=True, return_tensors="pt")
            given = {name: ids for name, ids in tokens.to(self.device).items() if read is None or name in read}
            rows.append(unit(self.model.get_text_features(**given).pooler_output))
        return torch.cat(rows)


class ContrastiveSource:
    """A spec's folder or hub id; nothing is loaded before :meth:`load`.

    Args:
        what: the backend's kind, for sentences.
    """

    def __init__(self, spec: Spec, device: str, what: str = "classifier") -> None:
        self._spec, self._device, self._what = spec, device, what
        self._pretrained = Pretrained(spec, _FILES, _NEEDED, _HINT, what)

    @property
    def identity(self) -> Mapping[str, object]:
        """Of the model's files."""
        return self._pretrained.identity

    @property
    def shown(self) -> Mapping[str, object]:
        """What else people want to read."""
        return self._pretrained.shown

    def load(self) -> Contrastive:
        """The model on its device.

        Raises:
            UsageError: it cannot be loaded, or compares no pictures with texts.
            DiffexError: it lacks weights.
        """
        import torch

        model, processor, tokenizer = self._pretrained.load(self._from)
        device = pick_device(self._device)
        model = model.to(device).eval()
        # what inference_mode makes could not be part of a graph later
        with torch.no_grad():
            scale = model.logit_scale.exp()
        prepare = quick(processor, return_tensors="pt")
        return Contrastive(model, prepare, tokenizer, device, scale, getattr(model, "logit_bias", None))

    def _from(self, source: str, **where: Any) -> tuple[Any, Any, Any]:
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
        refuse_untrained(info, self._spec, "a trained CLIP or SigLIP model", self._what)
        return model, processor, tokenizer


def unit(embeddings: torch.Tensor) -> torch.Tensor:
    """The same rows, each of length one."""
    found: torch.Tensor = embeddings / embeddings.norm(dim=-1, keepdim=True)
    return found
