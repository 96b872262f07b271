"""The birds' tokenizer and text encoder: a word a token, and phrases that are told apart from the start.

The text encoder is taught by text alone, for a minute, to make each phrase linearly readable at its
last word. The U-Net then only has to learn what a phrase looks like, not which words belong together.
"""

from __future__ import annotations

import random

import torch
import torch.nn.functional as F
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from diffex_cli.birds.meanings import MEANINGS

MAX_TOKENS = 40
WIDTH = 128


def new_tokenizer() -> CLIPTokenizer:
    """A ``CLIPTokenizer`` in which every word of the domain is one token."""
    words = sorted({word for prompt in MEANINGS for word in prompt.split()})
    pieces = sorted(set("abcdefghijklmnopqrstuvwxyz,"))
    vocabulary = ["<|startoftext|>", "<|endoftext|>", *pieces, *(f"{piece}</w>" for piece in pieces)]
    merges: list[tuple[str, str]] = []
    for word in words:
        while len(symbols := _apply_merges(word, merges)) > 1:
            merges.append((symbols[0], symbols[1]))
            vocabulary.append(symbols[0] + symbols[1])
    return CLIPTokenizer(
        vocab={token: index for index, token in enumerate(vocabulary)},
        merges=merges,
        model_max_length=MAX_TOKENS,
    )


def _apply_merges(word: str, merges: list[tuple[str, str]]) -> list[str]:
    """Byte-pair encoding: the earliest merge that applies, until none does."""
    symbols = [*word[:-1], f"{word[-1]}</w>"]
    for left, right in merges:
        k = 0
        while k + 1 < len(symbols):
            if (symbols[k], symbols[k + 1]) == (left, right):
                symbols[k : k + 2] = [left + right]
            k += 1
    return symbols


def new_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """The architecture, with random weights: 2 layers of width 128."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            projection_dim=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=MAX_TOKENS,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def tokenize(tokenizer: CLIPTokenizer, captions: list[str]) -> torch.Tensor:
    """Token ids padded as the Stable Diffusion pipelines pad them, shape (len(captions), 40)."""
    encoded = tokenizer(captions, padding="max_length", max_length=MAX_TOKENS, truncation=True, return_tensors="pt")
    ids: torch.Tensor = encoded.input_ids
    return ids


def teach_phrases(
    text_encoder: CLIPTextModel, tokenizer: CLIPTokenizer, steps: int = 400, seed: int = 0
) -> tuple[float, float]:
    """Train the text encoder so that a phrase's last token tells, linearly, which phrase it ends.

    Returns:
        the first and the last loss (cross-entropy, nats).
    """
    torch.manual_seed(seed)
    rng = random.Random(seed)
    prompts = list(MEANINGS)
    words = [tokenizer(prompt, add_special_tokens=False).input_ids for prompt in prompts]
    readout = torch.nn.Linear(WIDTH, len(prompts))
    optimizer = torch.optim.AdamW([*text_encoder.parameters(), *readout.parameters()], lr=2e-3, weight_decay=1e-3)
    losses = []
    for _ in range(steps):
        captions, ends, labels = [], [], []
        for row in range(48):
            chosen = rng.sample(range(len(prompts)), rng.choice((1, 1, 2, 3, 5, 10)))
            captions.append(", ".join(prompts[k] for k in chosen))
            position = 0
            for k in chosen:
                position += len(words[k])
                ends.append((row, position))
                labels.append(k)
                position += 1
        hidden = text_encoder(tokenize(tokenizer, captions)).last_hidden_state
        rows, positions = zip(*ends, strict=True)
        loss = F.cross_entropy(readout(hidden[list(rows), list(positions)]), torch.tensor(labels))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses[0], losses[-1]
