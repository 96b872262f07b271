"""What the U-Net is told besides latents and timestep: the words' embeddings, by one text encoder or two."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


@dataclasses.dataclass(frozen=True)
class Words:
    """One prompt's embedding. ``hidden``: shape (tokens, width), padded to the text encoder's length. ``pooled``: shape
    (pooled width,); ``None`` if the U-Net wants none."""

    hidden: Tensor
    pooled: Tensor | None = None


class Conditioner(ABC):
    """Embeds prompts by (tokenizer, text encoder) pairs, each once a prompt; ``dtype`` is what the U-Net takes."""

    def __init__(self, encoders: Sequence[tuple[Any, Any]], device: torch.device, dtype: torch.dtype) -> None:
        self._encoders = [(tokenizer, _ready(encoder, device)) for tokenizer, encoder in encoders]
        self._device, self._dtype = device, dtype
        self._words: dict[str, Words] = {}

    def words(self, prompt: str) -> Words:
        """The embedding; ``""`` is the empty prompt of inversion and guidance."""
        if prompt not in self._words:
            with torch.no_grad():
                self._words[prompt] = self._embed(prompt)
        return self._words[prompt]

    def token_count(self, prompt: str) -> int:
        """The prompt's tokens without start, end and padding; all tokenizers split alike."""
        return token_count(self._encoders[0][0], prompt)

    @abstractmethod
    def _embed(self, prompt: str) -> Words: ...

    @abstractmethod
    def arguments(self, prompts: Sequence[str], size: tuple[int, int]) -> dict[str, Any]:
        """The U-Net's keyword arguments for one row a prompt. ``size``: (height, width) of the picture in pixels."""


def new_conditioner(pipeline: Any, device: torch.device, dtype: torch.dtype) -> Conditioner:
    """The one that suits a pipeline: two text encoders are SDXL's."""
    first = (pipeline.tokenizer, pipeline.text_encoder)
    if getattr(pipeline, "text_encoder_2", None) is None:
        return SingleConditioner([first], device, dtype)
    double = DoubleConditioner([first, (pipeline.tokenizer_2, pipeline.text_encoder_2)], device, dtype)
    double.zero_empty = bool(pipeline.config.get("force_zeros_for_empty_prompt", True))
    return double


class SingleConditioner(Conditioner):
    """Stable Diffusion 1 and 2: the last hidden state of one text encoder."""

    def _embed(self, prompt: str) -> Words:
        ((tokenizer, encoder),) = self._encoders
        return Words(encoder(_token_ids(tokenizer, prompt).to(self._device)).last_hidden_state[0].to(self._dtype))

    def arguments(self, prompts: Sequence[str], size: tuple[int, int]) -> dict[str, Any]:
        return {"encoder_hidden_states": torch.stack([self.words(prompt).hidden for prompt in prompts])}


class DoubleConditioner(Conditioner):
    """SDXL: the penultimate hidden states of two text encoders side by side, the second one's pooled
    embedding, and the picture's size."""

    zero_empty = True
    """Whether the model was trained with all zeros for the empty prompt."""

    def _embed(self, prompt: str) -> Words:
        outputs = [
            encoder(_token_ids(tokenizer, prompt).to(self._device), output_hidden_states=True)
            for tokenizer, encoder in self._encoders
        ]
        hidden = torch.cat([output.hidden_states[-2][0] for output in outputs], dim=-1).to(self._dtype)
        pooled = outputs[1].text_embeds[0].to(self._dtype)
        if not prompt and self.zero_empty:
            return Words(torch.zeros_like(hidden), torch.zeros_like(pooled))
        return Words(hidden, pooled)

    def arguments(self, prompts: Sequence[str], size: tuple[int, int]) -> dict[str, Any]:
        """See :meth:`Conditioner.arguments`. The picture counts as uncropped and of its own size."""
        words = [self.words(prompt) for prompt in prompts]
        time_ids = torch.tensor([[*size, 0, 0, *size]], dtype=self._dtype, device=self._device)
        return {
            "encoder_hidden_states": torch.stack([word.hidden for word in words]),
            "added_cond_kwargs": {
                "text_embeds": torch.stack([word.pooled for word in words if word.pooled is not None]),
                "time_ids": time_ids.expand(len(words), -1),
            },
        }


def _ready(encoder: Any, device: torch.device) -> Any:
    """On the CPU in float32, where half precision is slow and saves little."""
    placed = encoder.to(device).eval()
    return placed.float() if device.type == "cpu" else placed


def _token_ids(tokenizer: Any, prompt: str) -> Tensor:
    ids: Tensor = tokenizer(
        prompt, truncation=True, max_length=tokenizer.model_max_length, padding="max_length", return_tensors="pt"
    ).input_ids
    return ids


def token_count(tokenizer: Any, prompt: str) -> int:
    """Without start, end and padding; by the mask, since the length that transformers 5 reports counts the padding."""
    encoded = tokenizer(prompt, truncation=True, max_length=tokenizer.model_max_length)
    return int(sum(encoded.attention_mask)) - 2
