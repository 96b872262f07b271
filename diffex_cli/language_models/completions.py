"""What a chat completion says, wherever a server that speaks OpenAI's protocol puts it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

_THOUGHTS = ("reasoning_content", "reasoning", "thinking")
# By so much may the logarithm of a probability be above 0.
_ROUNDED = 1e-3
_CUT_OFF = ("length", "max_tokens", "max_output_tokens", "model_length")


def said(message: Any) -> str:
    """The content: a text, or a list of chunks of which those that are no thoughts count; some servers parse it."""
    return _text(message.content)


def called(message: Any) -> tuple[str, ...]:
    """The arguments of the functions that were called, as JSON."""
    calls = [*(message.tool_calls or ()), message]
    functions = [getattr(call, "function", None) or getattr(call, "function_call", None) for call in calls]
    return tuple(_text(getattr(function, "arguments", None)) for function in functions if function is not None)


def thought(message: Any) -> str:
    """What servers that take the thoughts out of an answer hand on beside it."""
    return next(filter(None, (_text(getattr(message, name, None)) for name in _THOUGHTS)), "")


def is_cut_off(choice: Any, used: int, limit: int) -> bool:
    """Whether the limit ended the answer: as the server says, or, if it does not say, by what it counted."""
    reason = choice.finish_reason
    return str(reason).lower() in _CUT_OFF if reason else 0 < limit <= used


def first_tokens(choice: Any) -> dict[str, float]:
    """The likeliest first tokens that are no blanks, each with its probability; empty where a server tells none, or
    something else in their place."""
    content = getattr(getattr(choice, "logprobs", None), "content", None)
    places = content if isinstance(content, list) else []
    for place in places:
        token, likeliest = getattr(place, "token", None), getattr(place, "top_logprobs", None)
        if not isinstance(token, str):
            break
        if not token.strip():
            continue
        others = likeliest if isinstance(likeliest, list) else []
        return dict(pair for one in (place, *others) if (pair := _probability(one)))
    return {}


def _probability(one: Any) -> tuple[str, float] | None:
    token, logarithm = getattr(one, "token", None), getattr(one, "logprob", None)
    if not isinstance(token, str) or not isinstance(logarithm, int | float) or not logarithm <= _ROUNDED:
        return None
    return token, math.exp(min(logarithm, 0.0))


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(map(_is_chunk, content)):
        return "".join(_chunks(content))
    return "" if content is None else json.dumps(content, default=str)


def _is_chunk(part: Any) -> bool:
    return isinstance(part, str) or (isinstance(part, dict) and isinstance(part.get("type"), str))


def _chunks(parts: Iterable[Any]) -> Iterable[str]:
    for part in parts:
        text = part if isinstance(part, str) else part.get("text") if "text" in part["type"] else None
        text = text.get("value") if isinstance(text, dict) else text
        if isinstance(text, str):
            yield text
