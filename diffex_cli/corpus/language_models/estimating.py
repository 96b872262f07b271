"""How many tokens a question would take, by rules of thumb and without asking anybody."""

from __future__ import annotations

import io
import json
import math

from diffex_cli.corpus.language_models.base import Picture, Question, Usage

# English text has about four characters a token: https://platform.openai.com/tokenizer
_CHARACTERS = 4
# Pixels a token, after the long edge was brought down to _EDGE:
# https://platform.claude.com/docs/en/build-with-claude/vision
_PIXELS = 750
_EDGE = 1568
_SHARE = 0.25


def estimate(question: Question, max_tokens: int) -> Usage:
    """An estimate for any model: a token every four characters and every 750 pixels, and an answer of a
    quarter of what is allowed. Nothing is taken to come from a cache, so it is rather too high.

    Args:
        question: what would be asked.
        max_tokens: how long the answer may be, with what the model thinks.
    """
    corrections = sum(len(answer) + len(complaint) for answer, complaint in question.corrections)
    schema = len(json.dumps(dict(question.schema), ensure_ascii=False))
    characters = len(question.system) + len(question.text) + schema + corrections
    pictures = sum(_picture_tokens(picture) for picture in question.pictures)
    return Usage(math.ceil(characters / _CHARACTERS) + pictures, math.ceil(max_tokens * _SHARE))


def _picture_tokens(picture: Picture) -> int:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(picture.data)) as image:
            width, height = image.size
    except (UnidentifiedImageError, OSError):
        width = height = _EDGE
    scale = min(1.0, _EDGE / max(width, height))
    return math.ceil(width * scale * height * scale / _PIXELS)
