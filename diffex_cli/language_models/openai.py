"""The language model ``openai``: GPT, or any server that speaks its chat protocol, through OpenAI's SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec
from diffex_cli.language_models import completions
from diffex_cli.language_models.answers import ONE_WORD, data_of, instruction, turns
from diffex_cli.language_models.base import Answer, FirstWord, Question, Usage
from diffex_cli.language_models.faults import ErrorAnswer, blames_limit, blames_probabilities
from diffex_cli.language_models.service import OPTIONS, ServiceModel

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletion

DEFAULT_MODEL = "gpt-6.1-terra"

_ADDRESS = "https://api.openai.com/v1"
# OpenAI has renamed the limit; other servers know the old name.
_LIMITS = {False: "max_tokens", True: "max_completion_tokens"}
# Of so many tokens a service tells the probabilities: all that OpenAI does, all that others do, none.
_FEWER = {20: 5, 5: 0}
# A word, and the blanks that may come before it.
_WORD = 5


class _NotTold(Exception):  # noqa: N818
    """The service tells no probabilities."""


class OpenAIModel(ServiceModel):
    """``openai[:MODEL][:effort=…,max_tokens=N,temperature=T,timeout=S,retries=N,price_in=D,price_out=D,base_url=URL]``.

    With ``base_url``, or ``OPENAI_BASE_URL`` in the environment, the server may be vLLM, Ollama, LM Studio or
    any other that speaks the chat protocol; then a key is sent only if there is one, and the model must be named.
    Such servers differ in what they know of JSON schemas, so the schema is told in words as well.
    """

    provider = "openai"
    company = "OpenAI"
    default_model = DEFAULT_MODEL
    options = (*OPTIONS, "temperature")
    without_key = ", or give the address of your own server with --base-url"
    variables = ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID")

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self._newer_limit = self._base_url is None
        self._limit_turned_down = False
        self._top = max(_FEWER)

    def _unnamed(self, spec: str) -> str:
        if self._base_url is not None:
            raise UsageError(f"{spec!r} names no model: write openai:MODEL as the server at the address calls it")
        return self.default_model

    @property
    def _needs_key(self) -> bool:
        return self._base_url is None

    @property
    def _thinks(self) -> bool:
        return self._base_url is None and not self._model.startswith("gpt-4")

    def first_word(self, question: Question) -> FirstWord:
        try:
            message = self._sent(lambda _: self._word_request(question))
        except _NotTold:
            return FirstWord({}, Usage(0, 0))
        usage, choice = _usage(message), message.choices[0]
        self._check_refusal(choice, usage)
        if not getattr(getattr(choice, "logprobs", None), "content", None):
            self._top = 0
        return FirstWord(completions.first_tokens(choice), usage)

    def _word_request(self, question: Question) -> dict[str, Any]:
        if not self._top:
            raise _NotTold
        asked = self._asked(question, f"{question.system}\n\n{ONE_WORD}", _WORD)
        return {**asked, "logprobs": True, "top_logprobs": self._top}

    def _request(self, question: Question, held_to_schema: bool) -> dict[str, Any]:
        in_words = not held_to_schema or self._base_url is not None
        system = f"{question.system}\n\n{instruction(question)}" if in_words else question.system
        request = self._asked(question, system, self._limit(question))
        if held_to_schema:
            schema = dict(question.schema)
            format = {"name": question.name, "schema": schema, "strict": _is_strict(schema)}
            request["response_format"] = {"type": "json_schema", "json_schema": format}
        return request

    def _asked(self, question: Question, system: str, limit: int) -> dict[str, Any]:
        pictures: list[dict[str, Any]] = [
            {"type": "image_url", "image_url": {"url": f"data:{picture.media_type};base64,{data_of(picture)}"}}
            for picture in question.pictures
        ]
        request: dict[str, Any] = {
            "model": self._model,
            _LIMITS[self._newer_limit]: limit,
            "messages": [{"role": "system", "content": system}, *turns(question, pictures)],
        }
        if self._effort is not None:
            request["reasoning_effort"] = self._effort
        if self._temperature is not None:
            request["temperature"] = self._temperature
        return request

    def _asks_otherwise(self, error: Exception, request: dict[str, Any]) -> bool:
        top = request.get("top_logprobs")
        if top and blames_probabilities(error, self._sdk):
            self._top = min(self._top, _FEWER[top])
            return True
        sent = _LIMITS[_LIMITS[True] in request]
        if not self._limit_turned_down and blames_limit(error, self._sdk, sent, _LIMITS[sent == _LIMITS[False]]):
            self._limit_turned_down, self._newer_limit = True, sent == _LIMITS[False]
        return _LIMITS[self._newer_limit] != sent

    def _send(self, client: OpenAI, request: dict[str, Any]) -> ChatCompletion:
        from openai.types.chat import ChatCompletion

        completion = client.chat.completions.create(**request)
        # A proxy's web page comes out of the SDK as text.
        if not isinstance(completion, ChatCompletion):
            raise TypeError("no chat completion")
        if not completion.choices or not completion.choices[0].message:
            raise ErrorAnswer(completion.model_extra)
        extra = completion.choices[0].model_extra or {}
        if extra.get("error"):
            raise ErrorAnswer(extra)
        return completion

    def _answer(self, message: ChatCompletion, question: Question) -> Answer:
        usage, choice = _usage(message), message.choices[0]
        self._check_refusal(choice, usage)
        return self._parsed(
            completions.said(choice.message),
            question,
            usage,
            cut_off=completions.is_cut_off(choice, usage.output_tokens, self._limit(question)),
            calls=completions.called(choice.message),
            thought=completions.thought(choice.message),
        )

    def _check_refusal(self, choice: Any, usage: Usage) -> None:
        refusal = choice.message.refusal or ""
        if refusal or choice.finish_reason == "content_filter":
            raise self._refused(refusal, usage, completions.said(choice.message))

    def _connect(self, *, api_key: str | None, **arguments: Any) -> OpenAI:
        import openai

        # the SDK insists on a key
        return openai.OpenAI(api_key=api_key or "none", base_url=self._base_url or _ADDRESS, **arguments)


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
