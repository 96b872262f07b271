"""The language model ``anthropic``: Claude, through Anthropic's own SDK."""

from __future__ import annotations

import functools
import os
import re
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from diffex_cli.artifacts.keys import digest
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec
from diffex_cli.language_models.answers import data_of, instruction, parse_answer, turns
from diffex_cli.language_models.base import Answer, Prices, Question, RefusedAnswer, Usage
from diffex_cli.language_models.costs import estimate, list_prices
from diffex_cli.language_models.faults import MAX_WAIT, Service, blames_format, explain
from diffex_cli.language_models.specs import ModelSpec

if TYPE_CHECKING:
    from anthropic import Anthropic, APIResponse
    from anthropic.types import Message

DEFAULT_MODEL = "claude-sonnet-5-5"

_OPTIONS = ("base_url", "effort", "max_tokens", "price_cached", "price_in", "price_out", "retries", "timeout")
_KEY = "ANTHROPIC_API_KEY"
_TIMEOUT = 600.0
_RETRIES = 4
# What models from the fifth generation on think counts as output, too; it must not eat up the answer's share.
_THOUGHTS = 8192
# The SDK asks for streaming where an answer may take longer than a connection is sure to live.
_STREAMED = 20_000
_CACHE = {"type": "ephemeral"}


class AnthropicModel:
    """``anthropic[:MODEL][:effort=…,max_tokens=N,timeout=S,retries=N,price_in=D,price_out=D,base_url=URL]``.

    The answer is held to the question's schema by the service ("structured outputs"); forcing a tool is not,
    because the newer models turn that down. Where a schema is turned down, the model is told it in words
    instead. The system part, and the pictures after it, are marked to be cached.
    """

    def __init__(self, spec: Spec) -> None:
        """Check the spec.

        Raises:
            UsageError: an option is unknown or wrong.
        """
        parsed = ModelSpec(spec, _OPTIONS)
        self._model = parsed.model or DEFAULT_MODEL
        self._name = f"anthropic:{self._model}"
        self._effort = parsed.options.effort
        self._max_tokens = parsed.options.max_tokens
        self._timeout = parsed.options.timeout or _TIMEOUT
        self._retries = _RETRIES if parsed.options.retries is None else parsed.options.retries
        self._base_url = parsed.base_url("ANTHROPIC_BASE_URL", os.environ)
        listed = list_prices("anthropic", self._model) if self._base_url is None else None
        self._prices = parsed.prices(listed)
        self._lock = threading.Lock()
        self._held_to_schema = True

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        """Provider, model, and what was asked for by option."""
        options = {"effort": self._effort, "max_tokens": self._max_tokens, "base_url": self._base_url}
        given = {key: value for key, value in options.items() if value is not None}
        return {"provider": "anthropic", "model": self._model, **given}

    @property
    def fingerprint(self) -> str:
        """A digest of :attr:`settings`."""
        return digest(dict(self.settings))

    @property
    def prices(self) -> Prices | None:
        """By option, or else from the list; ``None`` for a model or an address that is not in it."""
        return self._prices

    def estimate(self, question: Question) -> Usage:
        """As :func:`~diffex_cli.language_models.costs.estimate`, thoughts included."""
        return estimate(question, self._limit(question))

    def ask(self, question: Question) -> Answer:
        """Ask the service.

        Raises:
            MalformedAnswer, RefusedAnswer, UsageError, DiffexError: as in the protocol.
        """
        import anthropic

        client = self._client
        while True:
            held = self._held_to_schema
            request = self._request(question, held)
            try:
                message = self._send(client, request)
            except Exception as error:
                if held and blames_format(error, anthropic):
                    self._held_to_schema = False
                    continue
                raise explain(error, anthropic, self._service) from error
            return self._answer(message, question)

    def _answer(self, message: Message, question: Question) -> Answer:
        usage = _usage(message)
        text = "".join(block.text for block in message.content if block.type == "text")
        if message.stop_reason == "refusal":
            said = (message.stop_details.explanation if message.stop_details else None) or text
            why = f" ({' '.join(said.split())[:200]})" if said else ""
            raise RefusedAnswer(f"{self._name} declines to answer{why}", said, usage)
        cut_off = message.stop_reason in ("max_tokens", "model_context_window_exceeded")
        limit = self._limit(question)
        return parse_answer(text, question, usage, model=self._name, limit=limit, cut_off=cut_off)

    def _send(self, client: Anthropic, request: dict[str, Any]) -> Message:
        from anthropic.types import Message

        if request["max_tokens"] > _STREAMED:
            with client.messages.stream(**request) as stream:
                return stream.get_final_message()
        message = client.messages.create(**request)
        # A proxy's web page comes out of the SDK as text.
        if not isinstance(message, Message) or not isinstance(message.content, list):
            raise TypeError("no message")
        return message

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

    def _limit(self, question: Question) -> int:
        if self._max_tokens is not None:
            return self._max_tokens
        thinks = not re.match(r"claude-[a-z]+-4\b", self._model)
        return question.max_tokens + (_THOUGHTS if thinks else 0)

    @property
    def _service(self) -> Service:
        who = "Anthropic" if self._base_url is None else f"the server at {self._base_url}"
        key = os.environ.get(_KEY)
        return Service(who, "anthropic", self._model, _KEY, key, self._timeout, self._retries)

    @property
    def _client(self) -> Anthropic:
        with self._lock:
            return self._connected

    @functools.cached_property
    def _connected(self) -> Anthropic:
        import anthropic

        key = os.environ.get(_KEY)
        if not key:
            raise UsageError(f"the corpus provider 'anthropic' needs a key: set the environment variable {_KEY}")
        return anthropic.Anthropic(
            api_key=key,
            base_url=self._base_url,
            max_retries=self._retries,
            timeout=anthropic.Timeout(self._timeout, connect=min(self._timeout, 10.0)),
            middleware=[_no_long_waits],
        )


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
