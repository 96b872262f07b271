"""Asks until an answer can be used, or three times; keeps it, so that nobody pays twice, and counts what it took."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

from diffex_cli.core.errors import DiffexError
from diffex_cli.core.foreign import foreign
from diffex_cli.core.progress import Progress
from diffex_cli.language_models.base import (
    Answer,
    LanguageModel,
    MalformedAnswer,
    Question,
    RefusedAnswer,
    UnusableAnswer,
    Usage,
)
from diffex_cli.language_models.costs import Ledger, OverBudget, Spending, limit_reached, pays_for_nothing
from diffex_cli.language_models.kept_answers import Answers, KeptAnswer, question_key

ATTEMPTS = 3
_LONGEST_QUOTE = 4000
_LONGEST_ANSWER = 4
"""An answer with the thoughts before it may be so many times as long as the estimate."""

_MOST_COMPLAINTS = 8

T = TypeVar("T", bound=Sized)


@dataclasses.dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What a checker makes of an answer.

    Attributes:
        usable: what can be used; of several imperfect answers the one where this is longest counts.
        complaints: a clause for each thing that is wrong, for the model to mend.
    """

    usable: T
    complaints: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """There is something to use, or rightly nothing."""
        return len(self.usable) > 0 or not self.complaints

    @property
    def problem(self) -> str:
        """The complaints in one clause; empty if there are none."""
        shown = "; ".join(self.complaints[:_MOST_COMPLAINTS])
        more = len(self.complaints) - _MOST_COMPLAINTS
        return f"{shown}; and {more} more" if more > 0 else shown


@dataclasses.dataclass(frozen=True, slots=True)
class Inquiry(Generic[T]):
    """A question, without corrections, and the checker of its answers.

    Attributes:
        repetition: the same question with another number is asked anew.
        declined: what is said to a model that declines; empty for no more than that this cannot be used.
    """

    question: Question
    check: Callable[[Mapping[str, Any]], Reading[T]]
    repetition: int = 0
    declined: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of a question.

    Attributes:
        usable: the answer, if perhaps an imperfect one; ``None`` if there is none.
        problem: what was wrong to the end; empty if nothing was.
        kept: the answer was there from before.
        over_budget: it was not asked, or not asked again, because of the limit on the cost.
    """

    usable: T | None = None
    problem: str = ""
    kept: bool = False
    over_budget: bool = False

    @property
    def answered(self) -> bool:
        return self.usable is not None


class Asker:
    """Puts questions to language models, with one limit on what they cost together; may be used by several threads.

    Args:
        folder: where answers are kept; need not exist.
        max_cost: US dollars; ``None`` for no limit.
        parallel: how many questions to ask at the same time.
        write: whether new answers are kept; not those of a rehearsal.
    """

    def __init__(self, folder: Path, max_cost: float | None = None, parallel: int = 1, *, write: bool = True) -> None:
        self._answers = Answers(folder, write)
        self.ledger = Ledger(max_cost)
        self._parallel = parallel
        self._stopped = threading.Event()
        self._outcomes: list[Outcome[Any]] = []

    def ask(self, model: LanguageModel, inquiry: Inquiry[T]) -> Outcome[T]:
        """Answer a question, from what is kept or by asking.

        A malformed, refused or invalid answer is asked again, with the complaint about it. After the last
        attempt the answer with the most that can be used counts; what holds nothing at all is not kept.
        Errors as of :meth:`LanguageModel.ask`; a DiffexError, too, if the answer cannot be written.
        """
        outcome = self._kept(model, inquiry) or self._asked(model, inquiry)
        self._outcomes.append(outcome)
        return outcome

    def ask_all(
        self, model: LanguageModel, inquiries: Sequence[Inquiry[T]], done: Callable[[], None]
    ) -> list[Outcome[T]]:
        """The outcomes in the order of the questions. Upon an error those under way are finished, and kept.

        ``done`` hears of each question that is through, from any thread.
        """

        def ask(inquiry: Inquiry[T]) -> Outcome[T]:
            outcome = self.ask(model, inquiry)
            done()
            return outcome

        pool = ThreadPoolExecutor(max(1, min(self._parallel, len(inquiries))), thread_name_prefix="diffex-ask")
        try:
            futures = [pool.submit(ask, inquiry) for inquiry in inquiries]
            ended, _ = wait(futures, return_when=FIRST_EXCEPTION)
            for future in ended:
                future.result()
            return [future.result() for future in futures]
        except BaseException:
            self._stopped.set()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def is_open(self, model: LanguageModel, inquiry: Inquiry[T]) -> bool:
        """Whether no answer that can be used is kept."""
        return self._known(model, inquiry) is None

    @property
    def answered(self) -> bool:
        """Whether any question has an answer, be it from before."""
        return any(outcome.answered for outcome in self._outcomes)

    @property
    def kept(self) -> int:
        """How many answers so far were there from before."""
        return sum(outcome.kept for outcome in self._outcomes)

    @property
    def over_budget(self) -> bool:
        """Whether the limit on the cost was reached."""
        return any(outcome.over_budget for outcome in self._outcomes)

    def spending(self, unasked: int = 0) -> Spending:
        """What all questions took so far; ``unasked`` more are left."""
        answered = sum(outcome.answered for outcome in self._outcomes)
        unanswered = len(self._outcomes) - answered + unasked
        paid = self.ledger.paid
        return Spending(
            questions=answered - self.kept,
            kept=self.kept,
            unanswered=unanswered,
            input_tokens=paid.input_tokens,
            output_tokens=paid.output_tokens,
            cached_tokens=paid.cached_tokens,
            cost=self.ledger.cost,
            complete=not unanswered,
        )

    @contextmanager
    def noting(self, progress: Progress) -> Iterator[None]:
        """Upon an error within, note that the answers so far are not lost."""
        try:
            yield
        except DiffexError:
            if self._answers.written:
                progress.note("What has been answered so far is kept: the same command continues from there.")
            raise

    def limit_reached(self) -> str:
        """A sentence for the user."""
        return limit_reached(self.ledger.limit)

    def nothing_usable(self, reason: str) -> DiffexError:
        """The error for a command that has no answer to go on with, be it the limit's fault, or for a reason."""
        if self.over_budget:
            return pays_for_nothing(self.ledger.limit)
        return DiffexError(
            f"the language model gave no usable answer ({reason}): try another model, or run the same command again"
        )

    def _known(self, model: LanguageModel, inquiry: Inquiry[T]) -> tuple[Reading[T], Usage] | None:
        kept = self._answers.get(_key(model, inquiry))
        reading = None if kept is None else inquiry.check(kept.content)
        return None if kept is None or reading is None or not reading.counts else (reading, kept.usage)

    def _kept(self, model: LanguageModel, inquiry: Inquiry[T]) -> Outcome[T] | None:
        known = self._known(model, inquiry)
        if known is None:
            return None
        reading, usage = known
        self.ledger.keep(model.prices, usage)
        return Outcome(reading.usable, reading.problem, kept=True)

    def _asked(self, model: LanguageModel, inquiry: Inquiry[T]) -> Outcome[T]:
        best: tuple[Reading[T], Mapping[str, Any]] | None = None
        question, used, problem, over_budget = inquiry.question, Usage(0, 0), "", False
        for _ in range(ATTEMPTS):
            if self._stopped.is_set():
                return Outcome()
            try:
                content, usage = self._once(model, question)
            except OverBudget:
                over_budget = True
                break
            except UnusableAnswer as error:
                used += error.usage
                problem, wrong, complaint = str(error), error.text, f"That cannot be used: {error}."
                if isinstance(error, RefusedAnswer) and inquiry.declined:
                    complaint = inquiry.declined
            else:
                used += usage
                reading = inquiry.check(content)
                if best is None or len(reading.usable) >= len(best[0].usable):
                    best = reading, content
                if not reading.complaints:
                    break
                problem, wrong = reading.problem, json.dumps(content)
                complaint = f"That cannot be used: {problem}. Answer again, in full."
            quote = wrong.strip()[:_LONGEST_QUOTE] or "(no answer)"
            question = dataclasses.replace(question, corrections=(*question.corrections, (quote, complaint)))
        if best is None or not best[0].counts:
            return Outcome(problem=problem, over_budget=over_budget)
        self._answers.put(_key(model, inquiry), KeptAnswer(best[1], used), model.settings)
        return Outcome(best[0].usable, best[0].problem)

    def _once(self, model: LanguageModel, question: Question) -> tuple[Mapping[str, Any], Usage]:
        expected = model.estimate(question)
        longest = max(question.max_tokens, _LONGEST_ANSWER * expected.output_tokens)
        amount = self.ledger.reserve(model.prices, expected, longest)
        used: Usage | None = None
        try:
            answer = answer_of(model, question)
            used = answer.usage
            json.dumps(answer.content)
            return answer.content, answer.usage
        except RecursionError:
            raise MalformedAnswer("the answer is nested too deep", "", used or Usage(0, 0)) from None
        except UnusableAnswer as error:
            used = error.usage
            raise
        finally:
            self.ledger.settle(amount, model.prices, used)


def who_is(model: LanguageModel) -> str:
    """What a model is called in a sentence."""
    return f"the language model {model.settings.get('model', type(model).__name__)}"


def answer_of(model: LanguageModel, question: Question) -> Answer:
    """What a model says, whoever wrote it, held against what an answer is."""
    who = who_is(model)
    with foreign(who):
        try:
            answer: object = model.ask(question)
        except RecursionError:
            raise MalformedAnswer("the answer is nested too deep", "", Usage(0, 0)) from None
    if not isinstance(answer, Answer) or not isinstance(answer.content, Mapping):
        raise DiffexError(f"{who} gave {type(answer).__name__}, and no Answer with an object in it")
    if not all(type(count) is int and count >= 0 for count in dataclasses.astuple(answer.usage)):
        raise DiffexError(f"{who} says that it took {answer.usage}, which are no numbers of tokens")
    return answer


def _key(model: LanguageModel, inquiry: Inquiry[T]) -> str:
    return question_key(inquiry.question, model.fingerprint, inquiry.repetition)
