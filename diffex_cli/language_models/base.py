"""The seam between diffex and a language model that can see: one question, one JSON object.

What is asked, and what is made of the answers, is not known here; neither is the provider there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from diffex_cli.core.errors import DiffexError

_MILLION = 1_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """An encoded image file; all providers take ``image/png`` and ``image/jpeg``."""

    media_type: str
    data: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more calls.

    Attributes:
        input_tokens: all that the model read, pictures too.
        output_tokens: all that it wrote, including what it thought.
        cached_tokens: those of ``input_tokens`` that the provider had kept from an earlier call.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Prices:
    """US dollars per million tokens: read for the first time, written, read from the provider's cache."""

    input: float
    output: float
    cached: float

    def cost(self, usage: Usage) -> float:
        """In US dollars."""
        fresh = usage.input_tokens - usage.cached_tokens
        return (fresh * self.input + usage.cached_tokens * self.cached + usage.output_tokens * self.output) / _MILLION


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """One request.

    Attributes:
        system: the task and the examples; the same for many questions, so that a provider can cache it.
        text: what is asked this time.
        schema: the JSON schema of the answer, an object.
        name: what the answer is called, such as ``attributes``; letters, digits, ``_`` and ``-``.
        pictures: what the model is to look at, before it reads ``text``.
        max_tokens: the answer may not be longer.
        corrections: earlier wrong answers to the same question, oldest first, each with the complaint about it.
    """

    system: str
    text: str
    schema: Mapping[str, Any]
    name: str
    pictures: tuple[Picture, ...] = ()
    max_tokens: int = 4096
    corrections: tuple[tuple[str, str], ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What a model said: the JSON object, parsed but not yet held against the schema, and what it took."""

    content: Mapping[str, Any]
    usage: Usage


@dataclasses.dataclass(frozen=True, slots=True)
class FirstWord:
    """How a model would begin its answer.

    Attributes:
        tokens: the likeliest first tokens that are no blanks, each with its probability; empty if that is not told.
    """

    tokens: Mapping[str, float]
    usage: Usage


class UnusableAnswer(DiffexError):  # noqa: N818
    """Nothing can be made of what the model wrote, which may be empty; it took tokens nevertheless."""

    def __init__(self, message: str, text: str, usage: Usage) -> None:
        super().__init__(message)
        self.text = text
        self.usage = usage


class MalformedAnswer(UnusableAnswer):
    """The answer is no JSON object, or was cut off at the question's ``max_tokens``."""


class RefusedAnswer(UnusableAnswer):
    """The model declines to answer."""


class LanguageModel(Protocol):
    """Answers questions about pictures.

    Constructed from a :class:`~diffex_cli.core.registry.Spec`, cheaply: bad options raise
    :class:`~diffex_cli.core.errors.UsageError` at construction, but nothing is loaded or sent. All
    methods may be called from several threads at once.
    """

    @property
    def settings(self) -> Mapping[str, object]:
        """Provider, model and options, for people to read; no secrets, no address with credentials."""
        ...

    @property
    def fingerprint(self) -> str:
        """A digest of everything about the model that can change an answer."""
        ...

    @property
    def prices(self) -> Prices | None:
        """``None`` if unknown, as for a local or an unlisted model: then only tokens can be told."""
        ...

    def ask(self, question: Question) -> Answer:
        """Ask, and try again what may pass (rate limits, server errors, broken connections).

        Raises:
            MalformedAnswer: there was an answer, but no JSON object in it.
            RefusedAnswer: the model declines.
            UsageError: the key, the model's name, the address or an option is wrong.
            DiffexError: the provider cannot be reached, has no quota left, or keeps failing.
        """
        ...

    def estimate(self, question: Question) -> Usage:
        """About what a question would take, without asking anybody."""
        ...


@runtime_checkable
class TellsFirstWord(Protocol):
    """A language model that may know how probable an answer's first word is."""

    def first_word(self, question: Question) -> FirstWord:
        """Ask for an answer of one word, whatever the question's schema; errors as of :meth:`LanguageModel.ask`. One
        whose service does not tell probabilities is not asked again, and then gives no tokens for nothing."""
        ...
