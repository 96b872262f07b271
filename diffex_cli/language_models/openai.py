"""The language model ``openai``: GPT, or any server that speaks its chat protocol, through OpenAI's SDK."""

from __future__ import annotations

import functools
import importlib.util
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from diffex_cli.artifacts.keys import digest
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec
from diffex_cli.language_models.answers import data_of, instruction, parse_answer, turns
from diffex_cli.language_models.base import Answer, Prices, Question, RefusedAnswer, Usage
from diffex_cli.language_models.costs import estimate, list_prices
from diffex_cli.language_models.faults import Service, blames_format, explain
from diffex_cli.language_models.specs import ModelSpec

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletion

DEFAULT_MODEL = "gpt-6.1-terra"

_OPTIONS = (
    "base_url",
    "effort",
    "max_tokens",
    "price_cached",
    "price_in",
    "price_out",
    "retries",
    "temperature",
    "timeout",
)
_KEY = "OPENAI_API_KEY"
_ADDRESS = "https://api.openai.com/v1"
_TIMEOUT = 600.0
_RETRIES = 4
# What GPT thinks from the fifth generation on counts as output, too; it must not eat up the answer's share.
_THOUGHTS = 8192


class OpenAIModel:
    """``openai[:MODEL][:effort=…,max_tokens=N,temperature=T,timeout=S,retries=N,price_in=D,price_out=D,base_url=URL]``.

    With ``base_url``, or ``OPENAI_BASE_URL`` in the environment, the server may be vLLM, Ollama, LM Studio or
    any other that speaks the chat protocol; then a key is sent only if there is one, and the model must be named.
    Such servers differ in what they know of JSON schemas, so the schema is told in words as well, and only in
    words once it was turned down.
    """

    def __init__(self, spec: Spec) -> None:
        """Check the spec.

        Raises:
            UsageError: an option is unknown or wrong, or the package ``openai`` or the model's name is missing.
        """
        if importlib.util.find_spec("openai") is None:
            raise UsageError("the corpus provider 'openai' needs the package openai: pip install 'diffex[openai]'")
        parsed = ModelSpec(spec, _OPTIONS)
        self._base_url = parsed.base_url("OPENAI_BASE_URL", os.environ)
        if not parsed.model and self._base_url is not None:
            raise UsageError(
                f"{parsed.text!r} names no model: write openai:MODEL as the server at the address calls it"
            )
        self._model = parsed.model or DEFAULT_MODEL
        self._name = f"openai:{self._model}"
        self._effort = parsed.options.effort
        self._temperature = parsed.options.temperature
        self._max_tokens = parsed.options.max_tokens
        self._timeout = parsed.options.timeout or _TIMEOUT
        self._retries = _RETRIES if parsed.options.retries is None else parsed.options.retries
        self._prices = parsed.prices(list_prices("openai", self._model) if self._base_url is None else None)
        self._lock = threading.Lock()
        self._held_to_schema = True

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        """Provider, model, and what was asked for by option."""
        options = {
            "effort": self._effort,
            "temperature": self._temperature,
            "max_tokens": self._max_tokens,
            "base_url": self._base_url,
        }
        given = {key: value for key, value in options.items() if value is not None}
        return {"provider": "openai", "model": self._model, **given}

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
        """Ask the server.

        Raises:
            MalformedAnswer, RefusedAnswer, UsageError, DiffexError: as in the protocol.
        """
        import openai

        client = self._client
        while True:
            held = self._held_to_schema
            request = self._request(question, held)
            try:
                completion = self._send(client, request)
            except Exception as error:
                if held and blames_format(error, openai):
                    self._held_to_schema = False
                    continue
                if getattr(error, "code", None) in ("content_filter", "content_policy_violation"):
                    raise RefusedAnswer(f"{self._name} declines to answer", "", Usage(0, 0)) from error
                raise explain(error, openai, self._service) from error
            return self._answer(completion, question)

    def _answer(self, completion: ChatCompletion, question: Question) -> Answer:
        usage, choice = _usage(completion), completion.choices[0]
        text = choice.message.content or ""
        refusal = choice.message.refusal
        if refusal or choice.finish_reason == "content_filter":
            why = f" ({' '.join(refusal.split())[:200]})" if refusal else ""
            raise RefusedAnswer(f"{self._name} declines to answer{why}", refusal or text, usage)
        cut_off = choice.finish_reason == "length"
        limit = self._limit(question)
        return parse_answer(text, question, usage, model=self._name, limit=limit, cut_off=cut_off)

    def _send(self, client: OpenAI, request: dict[str, Any]) -> ChatCompletion:
        from openai.types.chat import ChatCompletion

        completion = client.chat.completions.create(**request)
        # A proxy's web page comes out of the SDK as text.
        if not isinstance(completion, ChatCompletion) or not completion.choices or not completion.choices[0].message:
            raise TypeError("no chat completion")
        return completion

    def _request(self, question: Question, held_to_schema: bool) -> dict[str, Any]:
        in_words = not held_to_schema or self._base_url is not None
        system = f"{question.system}\n\n{instruction(question)}" if in_words else question.system
        pictures: list[dict[str, Any]] = [
            {"type": "image_url", "image_url": {"url": f"data:{picture.media_type};base64,{data_of(picture)}"}}
            for picture in question.pictures
        ]
        # OpenAI has renamed the limit; other servers know the old name.
        limit = "max_completion_tokens" if self._base_url is None else "max_tokens"
        request: dict[str, Any] = {
            "model": self._model,
            limit: self._limit(question),
            "messages": [{"role": "system", "content": system}, *turns(question, pictures)],
        }
        if held_to_schema:
            schema = dict(question.schema)
            format = {"name": question.name, "schema": schema, "strict": _is_strict(schema)}
            request["response_format"] = {"type": "json_schema", "json_schema": format}
        if self._effort is not None:
            request["reasoning_effort"] = self._effort
        if self._temperature is not None:
            request["temperature"] = self._temperature
        return request

    def _limit(self, question: Question) -> int:
        if self._max_tokens is not None:
            return self._max_tokens
        thinks = self._base_url is None and not self._model.startswith("gpt-4")
        return question.max_tokens + (_THOUGHTS if thinks else 0)

    @property
    def _service(self) -> Service:
        who = "OpenAI" if self._base_url is None else f"the server at {self._base_url}"
        key = os.environ.get(_KEY) or None
        return Service(who, "openai", self._model, _KEY, key, self._timeout, self._retries)

    @property
    def _client(self) -> OpenAI:
        with self._lock:
            return self._connected

    @functools.cached_property
    def _connected(self) -> OpenAI:
        import openai

        key = os.environ.get(_KEY)
        if not key and self._base_url is None:
            raise UsageError(
                f"the corpus provider 'openai' needs a key: set the environment variable {_KEY}, or give the "
                "address of your own server with --base-url"
            )
        return openai.OpenAI(
            api_key=key or "none",  # the SDK insists on one
            base_url=self._base_url or _ADDRESS,
            max_retries=self._retries,
            timeout=openai.Timeout(self._timeout, connect=min(self._timeout, 10.0)),
        )


def _usage(completion: ChatCompletion) -> Usage:
    """What was counted; some local servers count nothing, or not all."""
    usage = completion.usage
    details = getattr(usage, "prompt_tokens_details", None)
    counts = (usage, "prompt_tokens"), (usage, "completion_tokens"), (details, "cached_tokens")
    return Usage(*(getattr(counter, name, None) or 0 for counter, name in counts))


def _is_strict(schema: Any) -> bool:
    """Whether a schema keeps to what the service guarantees: every object closed, every property required
    (https://platform.openai.com/docs/guides/structured-outputs). Others it only tries to follow."""
    if isinstance(schema, list):
        return all(map(_is_strict, schema))
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object":
        closed = schema.get("additionalProperties") is False
        if not closed or set(schema.get("properties", {})) != set(schema.get("required", ())):
            return False
    return all(map(_is_strict, schema.values()))
