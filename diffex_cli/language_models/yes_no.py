"""Yes/no questions about pictures: how probable a language model finds it that the answer is yes.

Where the model tells how probable the first word of an answer is, that is the share of ``yes`` in ``yes`` and ``no``;
else it is the share of ``yes`` in several answers.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping

from diffex_cli.core.errors import DiffexError
from diffex_cli.core.foreign import foreign
from diffex_cli.language_models.asking import answer_of, who_is
from diffex_cli.language_models.base import (
    FirstWord,
    LanguageModel,
    Question,
    RefusedAnswer,
    TellsFirstWord,
    UnusableAnswer,
    Usage,
)

SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string", "enum": ["yes", "no"]}},
    "required": ["answer"],
    "additionalProperties": False,
}
MAX_TOKENS = 64
"""Of an answer in JSON."""

_LEAST = 0.5
"""Of the first word's probability, what has to be on yes and no; else the model answers in another way."""

_THOUGHTS = 256
"""Tokens that a model is reckoned to think about such a question, where that counts."""

_LONGEST = 4
_NONE = Usage(0, 0)


@dataclasses.dataclass(frozen=True, slots=True)
class Chance:
    """The probability of yes, NaN if no answer could be used, and what it took."""

    yes: float
    usage: Usage


class YesNo:
    """Asks one language model; may be used by several threads.

    Args:
        answers: how many to ask for where the model does not tell probabilities; one, if it always gives the same.
    """

    def __init__(self, model: LanguageModel, answers: int) -> None:
        self.model = model
        self._answers = 1 if getattr(model, "always_same", False) else answers

    def ask(self, question: Question) -> Chance:
        """Errors as of :meth:`LanguageModel.ask`, but an answer that cannot be used is none."""
        used = _NONE
        if isinstance(self.model, TellsFirstWord):
            try:
                word = self._first_word(self.model, question)
            except RefusedAnswer as error:
                return Chance(math.nan, error.usage)
            used, yes = word.usage, yes_share(word.tokens)
            if not math.isnan(yes):
                return Chance(yes, used)
        said: list[bool] = []
        for _ in range(self._answers):
            try:
                answer = answer_of(self.model, question)
            except UnusableAnswer as error:
                used += error.usage
                continue
            used += answer.usage
            heard = answer.content.get("answer")
            if isinstance(heard, str) and (word_said := _word(heard)):
                said.append(word_said == "yes")
        return Chance(sum(said) / len(said) if said else math.nan, used)

    def estimate(self, question: Question) -> Usage:
        """About what a question takes; rather too high."""
        one = self.model.estimate(question)
        written = min(one.output_tokens, MAX_TOKENS + _THOUGHTS)
        return Usage(self._answers * one.input_tokens, self._answers * written)

    def most(self, question: Question) -> Usage:
        """What it may take: the first word in vain, and then all answers, as long as they can be."""
        one = self.model.estimate(question)
        longest = max(question.max_tokens, _LONGEST * one.output_tokens)
        times = self._answers + isinstance(self.model, TellsFirstWord)
        return Usage(times * one.input_tokens, times * longest)

    def _first_word(self, model: TellsFirstWord, question: Question) -> FirstWord:
        who = who_is(self.model)
        with foreign(who):
            found: object = model.first_word(question)
        if not isinstance(found, FirstWord):
            raise DiffexError(f"{who} gave {type(found).__name__}, and no FirstWord")
        return found


def yes_share(tokens: Mapping[str, float]) -> float:
    """Of a first word's likeliest tokens the share of yes in yes and no, however they are written; NaN if most of the
    probability is on something else."""
    mass = {"yes": 0.0, "no": 0.0, "": 0.0}
    for token, probability in tokens.items():
        mass[_word(token)] += probability
    told = mass["yes"] + mass["no"]
    return mass["yes"] / told if told >= _LEAST else math.nan


def _word(text: str) -> str:
    """``yes`` or ``no``, or the beginning of one, since tokens may be shorter than words; empty for all else."""
    letters = re.sub(r"[\W_]+", "", text).lower()
    return next((word for word in ("yes", "no") if letters and word.startswith(letters)), "")
