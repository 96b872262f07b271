"""Verifiers that ask a language model one question a picture and attribute, and what limits them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Protocol, TypeAlias, runtime_checkable

from diffex_cli.core.errors import DiffexError
from diffex_cli.language_models.base import Question
from diffex_cli.language_models.costs import Ledger, OverBudget
from diffex_cli.language_models.yes_no import YesNo
from diffex_cli.verifiers.base import Attribute, Sight

Cell: TypeAlias = tuple[int, int]
"""The places of a picture and of an attribute."""


@runtime_checkable
class AskingVerifier(Protocol):
    """A :class:`~diffex_cli.verifiers.base.Verifier` whose every answer is paid for.

    Attributes:
        yes_no: whom it asks.
        also_writer: it may have written the corpus.
    """

    @property
    def yes_no(self) -> YesNo: ...

    @property
    def also_writer(self) -> bool: ...

    def questions(self, sight: Sight, attributes: Sequence[Attribute]) -> list[Question]:
        """What it asks about a picture, one question for each attribute."""
        ...


def ask_all(
    yes_no: YesNo,
    questions: Mapping[Cell, Question],
    ledger: Ledger,
    parallel: int,
    heard: Callable[[Cell, float], None],
) -> bool:
    """Ask several questions at the same time. Upon an error or an interrupt those under way are finished, and heard.

    Args:
        ledger: a question that it may not pay for is not asked, nor any after it.
        heard: is told each probability of yes, by the caller's thread, as it comes.

    Returns:
        whether all were asked.
    """
    stopped = threading.Event()

    def ask(question: Question) -> float | None:
        if stopped.is_set():
            return None
        most = yes_no.most(question)
        try:
            amount = ledger.reserve(yes_no.model.prices, most, most.output_tokens)
        except OverBudget:
            stopped.set()
            return None
        used = None
        try:
            chance = yes_no.ask(question)
            used = chance.usage
            return chance.yes
        except BaseException:
            stopped.set()
            raise
        finally:
            ledger.settle(amount, yes_no.model.prices, used)

    pool = ThreadPoolExecutor(max(1, min(parallel, len(questions))), thread_name_prefix="diffex-ask")
    open_ones: dict[Future[float | None], Cell] = {}
    try:
        open_ones = {pool.submit(ask, question): cell for cell, question in questions.items()}
        with _of_a_verifier():
            for future in as_completed(tuple(open_ones)):
                answer = future.result()
                if answer is not None:
                    heard(open_ones[future], answer)
                del open_ones[future]
        return not stopped.is_set()
    except BaseException:
        stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)
        for cell, answer in _answered(open_ones):
            heard(cell, answer)
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _answered(futures: Mapping[Future[float | None], Cell]) -> Iterable[tuple[Cell, float]]:
    for future, cell in futures.items():
        if future.done() and not future.cancelled() and future.exception() is None:
            answer = future.result()
            if answer is not None:
                yield cell, answer


@contextmanager
def _of_a_verifier() -> Iterator[None]:
    """Let a language model's error name what the verifier was given by."""
    try:
        yield
    except DiffexError as error:
        error.args = (in_verifier(str(error)),)
        raise


def in_verifier(sentence: str) -> str:
    """What is said of a corpus provider, of a verifier that asks the same language model."""
    spelled = re.sub(r"--provider (?=\w+:MODEL)", "--verifier vlm:", sentence)
    return spelled.replace("--provider", "--verifier").replace("the corpus provider", "the language model")
