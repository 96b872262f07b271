import pytest
import torch

from diffex_cli.birds.attributes import caption, random_bird
from diffex_cli.birds.meanings import MEANINGS
from training.words import MAX_TOKENS, WIDTH, new_text_encoder, new_tokenizer, teach_phrases, tokenize

TOKENIZER = new_tokenizer()


def ids(text: str) -> list[int]:
    found: list[int] = TOKENIZER(text, add_special_tokens=False).input_ids
    return found


@pytest.mark.parametrize("prompt", MEANINGS)
def test_every_word_is_one_token(prompt: str) -> None:
    assert len(ids(prompt)) == len(prompt.split())
    assert [TOKENIZER.decode([token]).strip() for token in ids(prompt)] == prompt.split()


def test_different_prompts_are_different_tokens() -> None:
    assert len({tuple(ids(prompt)) for prompt in MEANINGS}) == len(MEANINGS)


def test_the_longest_caption_fits() -> None:
    import random

    text = caption(random_bird(random.Random(0), throat="plain"))
    assert len(TOKENIZER(text).input_ids) <= MAX_TOKENS
    assert TOKENIZER.decode(ids(text)).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("text", ["a zebra", "Red Head!", "12 köpfe 鳥", "🐦", "", "word " * 200])
def test_other_words_do_not_crash(text: str) -> None:
    rows = tokenize(TOKENIZER, [text, "red head"])
    assert rows.shape == (2, MAX_TOKENS)
    assert int(rows.max()) < len(TOKENIZER)
    assert bool((rows[:, 0] == TOKENIZER.bos_token_id).all())
    assert bool((rows == TOKENIZER.eos_token_id).any(dim=1).all())


def test_case_does_not_matter() -> None:
    assert ids("Red HEAD") == ids("red head")


def test_the_text_encoder_learns_phrases() -> None:
    torch.manual_seed(0)
    encoder = new_text_encoder(TOKENIZER)
    assert encoder(tokenize(TOKENIZER, ["red head"])).last_hidden_state.shape == (1, MAX_TOKENS, WIDTH)
    first, last = teach_phrases(encoder, TOKENIZER, steps=12)
    assert last < 0.8 * first
