"""What questions cost: tokens by rules of thumb, prices, what was spent so far, and a limit that is not crossed."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import re
import threading

from diffex_cli.core.errors import UsageError
from diffex_cli.language_models.base import LanguageModel, Picture, Prices, Question, Usage

# Written as (input, output, cached).
_ANTHROPIC = {
    "claude-fable-5-1": (10.0, 50.0, 0.25),
    "claude-fable-5": (10.0, 50.0, 1.0),
    "claude-opus-5-5": (4.0, 20.0, 0.2),
    "claude-opus-5": (5.0, 25.0, 0.5),
    "claude-opus-4-8": (5.0, 25.0, 0.5),
    "claude-opus-4-7": (5.0, 25.0, 0.5),
    "claude-opus-4-6": (5.0, 25.0, 0.5),
    "claude-opus-4-5": (5.0, 25.0, 0.5),
    "claude-sonnet-5-5": (2.0, 10.0, 0.1),
    "claude-sonnet-5": (2.0, 10.0, 0.2),
    "claude-sonnet-4-6": (3.0, 15.0, 0.3),
    "claude-sonnet-4-5": (3.0, 15.0, 0.3),
    "claude-haiku-5-5": (0.1, 0.5, 0.01),
    "claude-haiku-4-5": (1.0, 5.0, 0.1),
}
_OPENAI = {
    "gpt-6-astra": (10.0, 50.0, 1.0),
    "gpt-6.1-sol": (2.0, 10.0, 0.1),
    "gpt-6-sol": (2.0, 10.0, 0.2),
    "gpt-6.1-terra": (1.0, 5.0, 0.05),
    "gpt-6-luna": (0.1, 0.5, 0.01),
    "gpt-5.6-terra": (2.0, 12.0, 0.2),
    "gpt-5.6-luna": (0.2, 1.2, 0.02),
    "gpt-5.5": (5.0, 30.0, 0.5),
    "gpt-5.4": (2.5, 15.0, 0.25),
    "gpt-5.4-mini": (0.75, 4.5, 0.075),
}
_LISTS = {"anthropic": _ANTHROPIC, "openai": _OPENAI}
_DATE = re.compile(r"-\d{8}$|-\d{4}-\d\d-\d\d$")


def list_prices(provider: str, model: str) -> Prices | None:
    """A model's list price, whether it is named with or without the date of its release; ``None`` if it has none."""
    price = _LISTS[provider].get(without_date(model))
    return None if price is None else Prices(*price)


def without_date(model: str) -> str:
    """A model's name without the date of its release."""
    return _DATE.sub("", model)


# English text has about four characters a token: https://platform.openai.com/tokenizer
_CHARACTERS = 4
# Pixels a token, after the long edge was brought down to _EDGE:
# https://platform.claude.com/docs/en/build-with-claude/vision
_PIXELS = 750
_EDGE = 1568
_SHARE = 0.25


def estimate(question: Question, max_tokens: int) -> Usage:
    """An estimate for any model: a token every four characters and every 750 pixels, and an answer of a
    quarter of the ``max_tokens``, thoughts included. Nothing is taken to come from a cache, so it is rather too high.
    """
    corrections = sum(len(answer) + len(complaint) for answer, complaint in question.corrections)
    schema = len(json.dumps(dict(question.schema), ensure_ascii=False))
    characters = len(question.system) + len(question.text) + schema + corrections
    pictures = sum(_picture_tokens(picture) for picture in question.pictures)
    return Usage(math.ceil(characters / _CHARACTERS) + pictures, math.ceil(max_tokens * _SHARE))


def _picture_tokens(picture: Picture) -> int:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(picture.data)) as image:
            width, height = image.size
    except (UnidentifiedImageError, OSError):
        width = height = _EDGE
    scale = min(1.0, _EDGE / max(width, height))
    return math.ceil(width * scale * height * scale / _PIXELS)


_SLACK = 1.25
"""A provider may count so many times the tokens that were estimated for the input."""


def check_prices(model: LanguageModel, limit: float | None) -> None:
    """Refuse a limit on a cost that cannot be told."""
    if limit is not None and model.prices is None:
        raise UsageError(
            f"--max-cost needs the prices of {model.settings.get('model', 'the model')}, which are not "
            "known: add price_in=…,price_out=… (US dollars per million tokens) to --provider, or leave "
            "--max-cost out"
        )


def limit_reached(limit: float | None) -> str:
    """A sentence for the user."""
    return (
        f"--max-cost {limit:g} was reached: what is there is kept, and the same command with a higher "
        "limit continues from there"
    )


def pays_for_nothing(limit: float | None) -> UsageError:
    """The error for a limit within which nothing can be asked."""
    return UsageError(
        f"--max-cost {limit:g} may not pay for a single question: raise it (--dry-run estimates the cost)"
    )


class OverBudget(Exception):  # noqa: N818
    """The next question might cross the limit."""


@dataclasses.dataclass(frozen=True, slots=True)
class Spending:
    """What questions took.

    Attributes:
        questions: how many were answered now.
        kept: how many were answered before.
        unanswered: how many have no answer, or were not put because of the limit on the cost.
        input_tokens, output_tokens: of this time, wrong answers included.
        cached_tokens: those of ``input_tokens`` that the provider had kept.
        cost: of this time, in US dollars; ``None`` if a model's prices are not known.
        complete: nothing is left to ask.
    """

    questions: int
    kept: int
    unanswered: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: float | None
    complete: bool


class Ledger:
    """Sums tokens and US dollars; may be used by several threads."""

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit
        self._reserved = 0.0
        self._changed = threading.Condition()
        self.paid = Usage(0, 0)
        self.cost: float | None = 0.0
        """Of what was asked now, in US dollars; ``None`` if some of it has no known price."""
        self.kept_cost = 0.0
        """Of the answers that were kept from before; it counts towards the limit."""

    def reserve(self, prices: Prices | None, expected: Usage, longest: int) -> float:
        """Set aside what a question costs at most; waits for others to be settled if that may make room.

        Args:
            expected: the estimate, of which the input counts.
            longest: the most tokens that the answer may have.

        Returns:
            The amount, for :meth:`settle`; OverBudget is raised if it does not fit.
        """
        if self.limit is None or prices is None:
            return 0.0
        amount = prices.cost(Usage(round(expected.input_tokens * _SLACK), longest))
        with self._changed:
            # not above it, which is not the same of what is not a number
            while not (self.cost or 0.0) + self.kept_cost + self._reserved + amount <= self.limit:
                if self._reserved <= 0:
                    raise OverBudget
                self._changed.wait()
            self._reserved += amount
        return amount

    def settle(self, amount: float, prices: Prices | None, used: Usage | None) -> None:
        """Give back what was set aside, and count what was used; ``None`` if that is unknown."""
        with self._changed:
            # the last one leaves no rounding error behind, which would pass for a question still open
            self._reserved = self._reserved - amount if self._reserved - amount > 1e-12 else 0.0
            if used is not None:
                self.paid += used
                self.cost = None if prices is None or self.cost is None else self.cost + prices.cost(used)
            self._changed.notify_all()

    def keep(self, prices: Prices | None, used: Usage) -> None:
        """Count an answer that was paid before."""
        if prices is not None:
            with self._changed:
                self.kept_cost += prices.cost(used)
