"""A question as the turns of a conversation, in the form that all providers share."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from diffex_cli.corpus.language_models.base import Picture, Question


def turns(question: Question, pictures: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The user's question, then each wrong answer and what the user says about it.

    Args:
        question: to be asked.
        pictures: its pictures in the provider's own form; they come before the text.
    """
    conversation = [{"role": "user", "content": [*pictures, _text(question.text)]}]
    for answer, complaint in question.corrections:
        # No provider takes an empty turn.
        conversation.append({"role": "assistant", "content": [_text(answer.strip() or "(no answer)")]})
        conversation.append({"role": "user", "content": [_text(complaint)]})
    return conversation


def data_of(picture: Picture) -> str:
    """The file's bytes in base64."""
    return base64.b64encode(picture.data).decode("ascii")


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
