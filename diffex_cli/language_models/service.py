"""What the models that are asked over the network share: options, prices, the key, a schema that is turned down."""

from __future__ import annotations

import functools
import importlib
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, ClassVar

from diffex_cli.artifacts.keys import digest
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec
from diffex_cli.core.time_limits import within
from diffex_cli.language_models.answers import parse_answer
from diffex_cli.language_models.base import Answer, Prices, Question, RefusedAnswer, Usage
from diffex_cli.language_models.costs import estimate, list_prices
from diffex_cli.language_models.faults import Service, blames_format, check_header, explain, too_slow
from diffex_cli.language_models.limits import limited
from diffex_cli.language_models.specs import ModelSpec

OPTIONS = ("base_url", "effort", "max_tokens", "price_cached", "price_in", "price_out", "retries", "timeout")
_TIMEOUT = 600.0
_RETRIES = 4
# However slowly an answer comes, it is whole after so many times the time that may pass without a piece of it.
_WHOLE = 3
# What models from the fifth generation on think counts as output, too; it must not eat up the answer's share.
_THOUGHTS = 8192


class ServiceModel(ABC):
    """A language model behind one of the two SDKs, which come from the same generator.

    The answer is held to the question's schema by the service ("structured outputs"). Where a schema is turned
    down, the model is told it in words instead.
    """

    provider: ClassVar[str]
    """The spec's first word, and the name of the SDK's package."""

    company: ClassVar[str]
    default_model: ClassVar[str]
    options: ClassVar[tuple[str, ...]] = OPTIONS
    without_key: ClassVar[str] = ""
    """What else a user without a key may do."""

    variables: ClassVar[tuple[str, ...]]
    """Of the environment: the key, and what else the SDK sends in its headers."""

    def __init__(self, spec: Spec) -> None:
        parsed = ModelSpec(spec, self.options)
        self._base_url = parsed.base_url(f"{self.provider.upper()}_BASE_URL", os.environ)
        self._model = parsed.model or self._unnamed(parsed.text)
        self._name = f"{self.provider}:{self._model}"
        options = parsed.options
        self._effort = options.effort
        self._temperature = options.temperature
        self._max_tokens = options.max_tokens
        self._timeout = options.timeout or _TIMEOUT
        self._retries = _RETRIES if options.retries is None else options.retries
        self._prices = parsed.prices(list_prices(self.provider, self._model) if self._base_url is None else None)
        self._lock = threading.Lock()
        self._held_to_schema = True

    def _unnamed(self, spec: str) -> str:
        """The model where the spec names none."""
        return self.default_model

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
        return {"provider": self.provider, "model": self._model, **given}

    @property
    def fingerprint(self) -> str:
        return digest(dict(self.settings))

    @property
    def prices(self) -> Prices | None:
        """By option, or else from the list; ``None`` for a model or an address that is not in it."""
        return self._prices

    def estimate(self, question: Question) -> Usage:
        return estimate(question, self._limit(question))

    def ask(self, question: Question) -> Answer:
        return self._answer(self._sent(functools.partial(self._request, question)), question)

    def _sent(self, make: Callable[[bool], dict[str, Any]]) -> Any:
        """The SDK's answer to a request, made again as long as the service turns down what it can do without.

        Args:
            make: the request; whether an answer can be held to a schema → the SDK's arguments.
        """
        sdk, client = self._sdk, self._client
        while True:
            held = self._held_to_schema
            request = make(held)
            try:
                return within(self._patience, functools.partial(self._send, client, request))
            except TimeoutError:
                raise too_slow(self._service, self._patience) from None
            except Exception as error:
                if held and blames_format(error, sdk):
                    self._held_to_schema = False
                    continue
                if self._asks_otherwise(error, request):
                    continue
                if getattr(error, "code", None) in ("content_filter", "content_policy_violation"):
                    raise self._refused("", Usage(0, 0)) from error
                raise explain(error, sdk, self._service) from error

    @property
    @abstractmethod
    def _thinks(self) -> bool:
        """Whether what the model thinks counts as output."""

    @abstractmethod
    def _request(self, question: Question, held_to_schema: bool) -> dict[str, Any]:
        """The SDK's arguments."""

    def _asks_otherwise(self, error: Exception, request: dict[str, Any]) -> bool:
        """Whether the next request will lack what the service turned down in this one."""
        return False

    @abstractmethod
    def _send(self, client: Any, request: dict[str, Any]) -> Any:
        """The SDK's answer; raises ErrorAnswer if it is an error all the same, TypeError if it is none."""

    @abstractmethod
    def _answer(self, message: Any, question: Question) -> Answer:
        """What that says."""

    @abstractmethod
    def _connect(self, *, api_key: str | None, **arguments: Any) -> Any:
        """The SDK's client."""

    def _parsed(self, text: str, question: Question, usage: Usage, **known: Any) -> Answer:
        """``known`` are further arguments of :func:`parse_answer`."""
        return parse_answer(text, question, usage, model=self._name, limit=self._limit(question), **known)

    def _refused(self, said: str, usage: Usage, text: str = "") -> RefusedAnswer:
        why = f" ({' '.join(said.split())[:200]})" if said else ""
        return RefusedAnswer(f"{self._name} declines to answer{why}", said or text, usage)

    def _limit(self, question: Question) -> int:
        if self._max_tokens is not None:
            return self._max_tokens
        return question.max_tokens + (_THOUGHTS if self._thinks else 0)

    @property
    def _sdk(self) -> ModuleType:
        return importlib.import_module(self.provider)

    @property
    def _needs_key(self) -> bool:
        return True

    @property
    def _patience(self) -> float:
        """Seconds for a question with all its repetitions."""
        return (self._retries + 1) * _WHOLE * self._timeout

    @property
    def _service(self) -> Service:
        who = self.company if self._base_url is None else f"the server at {self._base_url}"
        variable = f"{self.provider.upper()}_API_KEY"
        key = os.environ.get(variable) or None
        return Service(who, self.provider, self._model, variable, key, self._timeout, self._retries)

    @property
    def _client(self) -> Any:
        with self._lock:
            return self._connected

    @functools.cached_property
    def _connected(self) -> Any:
        service = self._service
        if service.key is None and self._needs_key:
            raise UsageError(
                f"the corpus provider {self.provider!r} needs a key: set the environment variable "
                f"{service.variable}{self.without_key}"
            )
        for variable in self.variables:
            check_header(variable, os.environ.get(variable, ""))
        timeout = self._sdk.Timeout(self._timeout, connect=min(self._timeout, 10.0))
        client = limited(self._sdk, _WHOLE * self._timeout)
        return self._connect(api_key=service.key, max_retries=self._retries, timeout=timeout, http_client=client)
