"""A question as the turns of a conversation, and from what a model wrote back to one JSON object."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from diffex_cli.language_models.base import Answer, MalformedAnswer, Picture, Question, Usage

_SHOWN = 80
# Braces, and the texts in which a brace is none.
_TOKENS = re.compile(r'"(?:\\.|[^"\\\n])*"|[{}]')


class _CutOff(Exception):  # noqa: N818
    """The text ends within an object."""


def instruction(question: Question) -> str:
    """What to tell a model whose server cannot hold it to a schema."""
    schema = json.dumps(dict(question.schema), ensure_ascii=False)
    return (
        "Answer with one JSON object and nothing else: no introduction, no code fence. "
        f"The object is named {question.name!r} and must follow this JSON schema:\n{schema}"
    )


def parse_answer(text: str, question: Question, usage: Usage, *, model: str, limit: int, cut_off: bool) -> Answer:
    """The JSON object in a model's answer, whatever is around it; a MalformedAnswer if there is none.

    Args:
        question: its schema tells the answer from other objects in the text.
        model: its spec, for errors.
        limit: how many tokens the answer could have.
        cut_off: whether the model was stopped there.
    """
    try:
        content = find_object(text, question.schema)
    except _CutOff:
        content, cut_off = None, True
    if content is not None:
        return Answer(content, usage)
    if cut_off:
        raise MalformedAnswer(
            f"the answer of {model} broke off after {usage.output_tokens} of {limit} tokens: "
            "allow longer ones with the option max_tokens=… in --provider, or ask for less at once",
            text,
            usage,
        )
    beginning = " ".join(text.split())[:_SHOWN]
    begins = f"it begins {beginning!r}" if beginning else "it is empty"
    said = f"the answer of {model} does not hold a JSON object of the wanted form ({begins})"
    raise MalformedAnswer(said, text, usage)


def find_object(text: str, schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The answer in a text: all of it, or the last object within it that has the schema's keys, if there is one.

    Code fences, prose before and after, and the thoughts of a model that thinks aloud are passed over. An
    object within another one is never taken for the answer when the outer one is broken off.

    Raises:
        _CutOff: the text ends within an object, and no answer came before.
    """
    text = _spoken(text).strip()
    wanted = set(schema.get("required") or schema.get("properties") or ())
    found: Mapping[str, Any] | None = None
    start = text.find("{")
    while start >= 0:
        decoded = _decode(text, start)
        end = _closes(text, start) if decoded is None else decoded[1]
        if end is None:
            if found is None:
                raise _CutOff
            break
        if decoded is not None and (wanted <= decoded[0].keys() or (start, end) == (0, len(text))):
            found = decoded[0]
        start = text.find("{", end)
    return found


def _decode(text: str, start: int) -> tuple[dict[str, Any], int] | None:
    """The object that starts there, and where it ends."""
    try:
        content, end = json.JSONDecoder(parse_constant=_no_number).raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return content, end


def _closes(text: str, start: int) -> int | None:
    """Where the braces that open there are closed, be it JSON between them or not; ``None`` if they never are."""
    depth = 0
    for token in _TOKENS.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return None


def _spoken(text: str) -> str:
    """Without what stands between <think> and </think>; servers differ in whether they hand that on."""
    _, closed, rest = text.rpartition("</think>")
    if closed:
        return rest
    return text.partition("<think>")[0]


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def turns(question: Question, pictures: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The question, its pictures in the provider's form first, then each wrong answer and the complaint about it."""
    conversation = [{"role": "user", "content": [*pictures, _text(question.text)]}]
    for answer, complaint in question.corrections:
        # No provider takes an empty turn.
        conversation.append({"role": "assistant", "content": [_text(answer.strip() or "(no answer)")]})
        conversation.append({"role": "user", "content": [_text(complaint)]})
    return conversation


def data_of(picture: Picture) -> str:
    return base64.b64encode(picture.data).decode("ascii")


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
