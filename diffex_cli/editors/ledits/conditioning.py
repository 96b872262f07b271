"""What the U-Net is told besides latents and timestep: the words' embeddings, by one text encoder or two."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor


@dataclasses.dataclass(frozen=True)
class Words:
    """One prompt's embedding.

    Attributes:
        hidden: shape (tokens, width), padded to the text encoder's length.
        pooled: shape (pooled width,); ``None`` if the U-Net wants none.
    """

    hidden: Tensor
    pooled: Tensor | None = None


class Conditioner(Protocol):
    """Embeds prompts; each text encoder runs once a prompt."""

    def words(self, prompt: str) -> Words:
        """The embedding; ``""`` is the empty prompt of inversion and guidance."""
        ...

    def token_count(self, prompt: str) -> int:
        """The prompt's tokens without start, end and padding."""
        ...

    def arguments(self, prompts: Sequence[str], size: tuple[int, int]) -> dict[str, Any]:
        """The U-Net's keyword arguments for one row a prompt.

        Args:
            size: (height, width) of the picture in pixels.
        """
        ...


def new_conditioner(pipeline: Any, device: torch.device, dtype: torch.dtype) -> Conditioner:
    """The one that suits a pipeline: two text encoders are SDXL's."""
    if getattr(pipeline, "text_encoder_2", None) is not None:
        return DoubleConditioner(pipeline, device, dtype)
    return SingleConditioner(pipeline, device, dtype)


class SingleConditioner:
    """Stable Diffusion 1 and 2: the last hidden state of one text encoder."""

    def __init__(self, pipeline: Any, device: torch.device, dtype: torch.dtype) -> None:
        self._tokenizer = pipeline.tokenizer
        self._encoder = _ready(pipeline.text_encoder, device)
        self._device, self._dtype = device, dtype
        self._words: dict[str, Words] = {}

    @torch.no_grad()
    def words(self, prompt: str) -> Words:
        """See :meth:`Conditioner.words`."""
        if prompt not in self._words:
            ids = _token_ids(self._tokenizer, prompt).to(self._device)
            self._words[prompt] = Words(self._encoder(ids).last_hidden_state[0].to(self._dtype))
        return self._words[prompt]

    def token_count(self, prompt: str) -> int:
        """See :meth:`Conditioner.token_count`."""
        return _token_count(self._tokenizer, prompt)

    def arguments(self, prompts: Sequence[str], size: tuple[int, int]) -> dict[str, Any]:
        """See :meth:`Conditioner.arguments`."""
        return {"encoder_hidden_states": torch.stack([self.words(prompt).hidden for prompt in prompts])}


class DoubleConditioner:
    """SDXL: the penultimate hidden states of two text encoders side by side, the second one's pooled
    embedding, and the picture's size.

    The empty prompt is all zeros where the model was trained so (``force_zeros_for_empty_prompt``).
    """

    def __init__(self, pipeline: Any, device: torch.device, dtype: torch.dtype) -> None:
        self._tokenizers = (pipeline.tokenizer, pipeline.tokenizer_2)
        self._encoders = (_ready(pipeline.text_encoder, device), _ready(pipeline.text_encoder_2, device))
        self._zero_empty = bool(pipeline.config.get("force_zeros_for_empty_prompt", True))
        self._device, self._dtype = device, dtype
        self._words: dict[str, Words] = {}

    @torch.no_grad()
    def words(self, prompt: str) -> Words:
        """See :meth:`Conditioner.words`."""
        if prompt not in self._words:
            outputs = [
                encoder(_token_ids(tokenizer, prompt).to(self._device), output_hidden_states=True)
                for tokenizer, encoder in zip(self._tokenizers, self._encoders, strict=True)
            ]
            hidden = torch.cat([output.hidden_states[-2][0] for output in outputs], dim=-1).to(self._dtype)
            pooled = outputs[1].text_embeds[0].to(self._dtype)
            if not prompt and self._zero_empty:
                hidden, pooled = torch.zeros_like(hidden), torch.zeros_like(pooled)
            self._words[prompt] = Words(hidden, pooled)
        return self._words[prompt]

    def token_count(self, prompt: str) -> int:
        """See :meth:`Conditioner.token_count`; both tokenizers split alike."""
        return _token_count(self._tokenizers[0], prompt)

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


def _token_count(tokenizer: Any, prompt: str) -> int:
    """By the attention mask: with transformers 5 the reported length counts the padding."""
    encoded = tokenizer(prompt, truncation=True, max_length=tokenizer.model_max_length)
    return int(sum(encoded.attention_mask)) - 2
