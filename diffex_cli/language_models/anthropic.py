"""The language model ``anthropic``: Claude, through Anthropic's own SDK."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from diffex_cli.language_models.answers import data_of, instruction, turns
from diffex_cli.language_models.base import Answer, Question, Usage
from diffex_cli.language_models.faults import MAX_WAIT, ErrorAnswer
from diffex_cli.language_models.service import ServiceModel

if TYPE_CHECKING:
    from anthropic import Anthropic, APIResponse
    from anthropic.types import Message

DEFAULT_MODEL = "claude-sonnet-5-5"

# The SDK asks for streaming where an answer may take longer than a connection is sure to live.
_STREAMED = 20_000
_CACHE = {"type": "ephemeral"}
_FULL = "model_context_window_exceeded"


class AnthropicModel(ServiceModel):
    """``anthropic[:MODEL][:effort=…,max_tokens=N,timeout=S,retries=N,price_in=D,price_out=D,base_url=URL]``.

    No tool is forced to get at a JSON object, because the newer models turn that down. The system part, and the
    pictures after it, are marked to be cached.
    """

    provider = "anthropic"
    company = "Anthropic"
    default_model = DEFAULT_MODEL
    variables = ("ANTHROPIC_API_KEY",)

    @property
    def _thinks(self) -> bool:
        return not re.match(r"claude-[a-z]+-4\b", self._model)

    def _request(self, question: Question, held_to_schema: bool) -> dict[str, Any]:
        from anthropic import transform_schema

        system = question.system if held_to_schema else f"{question.system}\n\n{instruction(question)}"
        output: dict[str, Any] = {}
        if held_to_schema:
            output["format"] = {"type": "json_schema", "schema": transform_schema(dict(question.schema))}
        if self._effort is not None:
            output["effort"] = self._effort
        pictures: list[dict[str, Any]] = [
            {"type": "image", "source": {"type": "base64", "media_type": picture.media_type, "data": data_of(picture)}}
            for picture in question.pictures
        ]
        if pictures:
            pictures[-1]["cache_control"] = _CACHE
        return {
            "model": self._model,
            "max_tokens": self._limit(question),
            "system": [{"type": "text", "text": system, "cache_control": _CACHE}],
            "messages": turns(question, pictures),
            **({"output_config": output} if output else {}),
        }

    def _send(self, client: Anthropic, request: dict[str, Any]) -> Message:
        from anthropic.types import Message

        if request["max_tokens"] > _STREAMED:
            with client.messages.stream(**request) as stream:
                return stream.get_final_message()
        message = client.messages.create(**request)
        # A proxy's web page comes out of the SDK as text.
        if not isinstance(message, Message):
            raise TypeError("no message")
        if not isinstance(message.content, list):
            raise ErrorAnswer(message.model_extra)
        return message

    def _answer(self, message: Message, question: Question) -> Answer:
        usage = _usage(message)
        text = "".join(block.text or "" for block in message.content if block.type == "text")
        if message.stop_reason == "refusal":
            raise self._refused((message.stop_details.explanation if message.stop_details else None) or text, usage)
        return self._parsed(
            text,
            question,
            usage,
            cut_off=message.stop_reason in ("max_tokens", _FULL),
            full=message.stop_reason == _FULL,
            # Servers that imitate the protocol may call a function with the answer, or take all of it for thoughts.
            calls=tuple(json.dumps(block.input) for block in message.content if block.type == "tool_use"),
            thought="".join(block.thinking or "" for block in message.content if block.type == "thinking"),
        )

    def _connect(self, *, api_key: str | None, **arguments: Any) -> Anthropic:
        import anthropic

        return anthropic.Anthropic(api_key=api_key, base_url=self._base_url, middleware=[_no_long_waits], **arguments)


def _usage(message: Message) -> Usage:
    """What was counted; the service counts what it reads from its cache, or writes to it, separately."""
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    fresh, stored, cached, written = (getattr(message.usage, name, None) or 0 for name in names)
    return Usage(fresh + stored + cached, written, cached)


def _no_long_waits(request: Any, call_next: Any) -> APIResponse[Any]:
    """This SDK would sleep for as long as a server asks it to, be it a day."""
    response: APIResponse[Any] = call_next(request)
    try:
        wait = float(response.http_response.headers.get("retry-after", "0"))
    except ValueError:
        wait = 0.0
    if wait > MAX_WAIT:
        response.http_response.headers["x-should-retry"] = "false"
    return response
