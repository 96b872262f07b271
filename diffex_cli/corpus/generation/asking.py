"""Asks one question until the answer can be used, or three times."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from diffex_cli.corpus.generation.reading import Proposal, Reading
from diffex_cli.language_models.base import LanguageModel, MalformedAnswer, Question, RefusedAnswer, Usage
from diffex_cli.language_models.costs import Ledger, OverBudget
from diffex_cli.language_models.kept_answers import Answers, KeptAnswer, question_key

ATTEMPTS = 3
_LONGEST_QUOTE = 4000
_LONGEST_ANSWER = 4
"""An answer with the thoughts before it may be so many times as long as the estimate."""

_MOST_COMPLAINTS = 8
_DECLINED = (
    "You declined. Only visible attributes are asked for, to test what an image classifier depends on. "
    "Leave out whatever you do not want to name, and answer with the rest."
)


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question.

    Attributes:
        proposals: the attributes of the answer.
        problem: what was wrong to the end; empty if nothing was. Then ``proposals`` are what could be used.
        kept: the answer was there from before.
        answered: there is an answer, if perhaps an imperfect one.
        over_budget: it was not asked, or not asked again, because of the limit on the cost.
    """

    proposals: tuple[Proposal, ...] = ()
    problem: str = ""
    kept: bool = False
    answered: bool = True
    over_budget: bool = False


class Asker:
    """Puts questions to one model; may be used by several threads.

    Args:
        model: whom to ask.
        answers: where answers are kept.
        ledger: what counts the cost.
    """

    def __init__(self, model: LanguageModel, answers: Answers, ledger: Ledger) -> None:
        self.model = model
        self._answers = answers
        self._ledger = ledger
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Ask nothing more; what is under way is still kept."""
        self._stopped.set()

    def ask(self, question: Question, repetition: int, read: Callable[[Mapping[str, Any]], Reading]) -> Outcome:
        """Answer a question, from what is kept or by asking.

        A malformed, refused or invalid answer is asked again, with the complaint about it. After the last
        attempt the answer with the most usable attributes counts; what holds none at all is not kept.

        Args:
            question: without corrections.
            repetition: the same question with another number is asked anew.
            read: checks an answer.

        Raises:
            UsageError: as :meth:`LanguageModel.ask` does.
            DiffexError: the same, or the answer cannot be written.
        """
        key = question_key(question, self.model.fingerprint, repetition)
        kept = self._answers.get(key)
        if kept is not None:
            reading = read(kept.content)
            if reading.proposals or not reading.complaints:
                self._ledger.keep(self.model.prices, kept.usage)
                return Outcome(reading.proposals, _joined(reading), kept=True)
        best: tuple[Reading, Mapping[str, Any]] | None = None
        used, problem, over_budget = Usage(0, 0), "", False
        for _ in range(ATTEMPTS):
            if self._stopped.is_set():
                return Outcome(answered=False)
            try:
                content, usage = self._once(question)
            except OverBudget:
                over_budget = True
                break
            except (MalformedAnswer, RefusedAnswer) as error:
                used += error.usage
                problem = str(error)
                complaint = _DECLINED if isinstance(error, RefusedAnswer) else f"That cannot be used: {error}."
                question = _corrected(question, error.text, complaint)
                continue
            used += usage
            reading = read(content)
            if best is None or len(reading.proposals) >= len(best[0].proposals):
                best = reading, content
            if not reading.complaints:
                break
            problem = _joined(reading)
            question = _corrected(
                question, json.dumps(content), f"That cannot be used: {problem}. Answer again, in full."
            )
        if best is None or (best[0].complaints and not best[0].proposals):
            return Outcome(problem=problem, answered=False, over_budget=over_budget)
        self._answers.put(key, KeptAnswer(best[1], used), self.model.settings)
        return Outcome(best[0].proposals, _joined(best[0]))

    def _once(self, question: Question) -> tuple[Mapping[str, Any], Usage]:
        prices = self.model.prices
        expected = self.model.estimate(question)
        longest = max(question.max_tokens, _LONGEST_ANSWER * expected.output_tokens)
        amount = self._ledger.reserve(prices, expected, longest)
        used: Usage | None = None
        try:
            answer = self.model.ask(question)
            used = answer.usage
            json.dumps(answer.content)
            return answer.content, answer.usage
        except RecursionError:
            raise MalformedAnswer("the answer is nested too deep", "", used or Usage(0, 0)) from None
        except (MalformedAnswer, RefusedAnswer) as error:
            used = error.usage
            raise
        finally:
            self._ledger.settle(amount, prices, used)


def _joined(reading: Reading) -> str:
    shown = "; ".join(reading.complaints[:_MOST_COMPLAINTS])
    more = len(reading.complaints) - _MOST_COMPLAINTS
    return f"{shown}; and {more} more" if more > 0 else shown


def _corrected(question: Question, wrong: str, complaint: str) -> Question:
    quote = wrong.strip()[:_LONGEST_QUOTE] or "(no answer)"
    return dataclasses.replace(question, corrections=(*question.corrections, (quote, complaint)))
