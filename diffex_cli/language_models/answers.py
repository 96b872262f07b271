"""A question as the turns of a conversation, and from what a model wrote back to one JSON object."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from diffex_cli.language_models.base import Answer, MalformedAnswer, Picture, Question, Usage
from diffex_cli.language_models.finding import Unfinished, find_object, is_json
from diffex_cli.language_models.thoughts import Heard, hear

_SHOWN = 80


def instruction(question: Question) -> str:
    """What to tell a model whose server cannot hold it to a schema."""
    schema = json.dumps(dict(question.schema), ensure_ascii=False)
    return (
        "Answer with one JSON object and nothing else: no introduction, no code fence. "
        f"The object is named {question.name!r} and must follow this JSON schema:\n{schema}"
    )


ONE_WORD = "Answer with one word and nothing else: no explanation, no sentence."
"""What to tell a model whose first word counts."""


def parse_answer(
    text: str,
    question: Question,
    usage: Usage,
    *,
    model: str,
    limit: int,
    cut_off: bool,
    full: bool = False,
    calls: Sequence[str] = (),
    thought: str = "",
) -> Answer:
    """The JSON object in a model's answer, whatever is around it; a MalformedAnswer if there is none.

    Args:
        question: its schema tells the answer from other objects in the text.
        model: its spec, for errors.
        limit: how many tokens the answer could have.
        cut_off: whether the model was stopped there.
        full: whether it was stopped before, because it can hold no more in mind.
        calls: what it called functions with, if the answer is none; some servers make a call of it.
        thought: what it thought, as the server tells it. Where nothing was said, the answer may stand there: servers
            that look for thoughts take all of an answer for them. Not if the model was stopped while it thought.
    """
    # Marks within a whole answer are words of it.
    heard = Heard("", text) if is_json(text) else hear(text)
    places = [heard.said, *calls]
    if not cut_off and not any(place.strip() for place in places):
        places += [heard.thought, thought]
    unfinished = False
    for place in places:
        try:
            content = find_object(place, question.schema)
        except Unfinished:
            unfinished = True
            continue
        if content is not None:
            return Answer(content, usage)
    written = next(filter(str.strip, (text, *calls, thought)), "")
    fault = _broke_off(usage, limit, full) if cut_off else _not_found(written, limit, unfinished)
    raise MalformedAnswer(f"the answer of {model} {fault}", written, usage)


def _broke_off(usage: Usage, limit: int, full: bool) -> str:
    if full:
        return (
            f"broke off after {usage.output_tokens} tokens because the question and the answer together are longer "
            "than the model can take: give fewer or smaller images, or ask for less at once"
        )
    counted = f"after {usage.output_tokens} of {limit}" if usage.output_tokens else f"at the limit of {limit}"
    return (
        f"broke off {counted} tokens: allow longer ones with the option max_tokens=… in --provider, "
        "or ask for less at once"
    )


def _not_found(text: str, limit: int, unfinished: bool) -> str:
    words = " ".join(text.split())
    if unfinished:
        return (
            f"stops in the middle of its JSON object, though not at the limit of {limit} tokens "
            f"(it ends {words[-_SHOWN:]!r})"
        )
    begins = f"it begins {words[:_SHOWN]!r}" if words else "it is empty"
    return f"does not hold a JSON object of the wanted form ({begins})"


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
