"""Paying a verifier: what it took, what it may still take, and asking it as long as that allows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from PIL import Image

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.spent import Spent, read_spent, write_spent
from diffex_cli.core.errors import IncompleteError
from diffex_cli.core.settings import STORED, Settings
from diffex_cli.language_models.base import Usage
from diffex_cli.language_models.costs import Ledger, Spending, check_prices, limit_reached, pays_for_nothing
from diffex_cli.language_models.rehearsal import Estimate
from diffex_cli.verifiers.asking import AskingVerifier, ask_all, in_verifier
from diffex_cli.verifiers.base import Attribute, Sight

_SAVED_EVERY = 5.0
"""Seconds, as readings are."""


class LimitReached(IncompleteError):  # noqa: N818
    """The limit on the cost lets nothing more be asked; what there is is kept."""


class Look(NamedTuple):
    """So many questions about pictures of one size; of an edited one the part that changed is shown, too."""

    size: tuple[int, int]
    edited: bool
    times: int


class Purse:
    """Asks one verifier within ``--max-cost``, in which what it took of this run before counts, too.

    Args:
        fingerprint: the verifier's.

    Attributes:
        asked: how many questions were answered now.
    """

    def __init__(self, run: RunDirectory, verifier: AskingVerifier, fingerprint: str, settings: Settings) -> None:
        limit = settings.max_cost
        if limit is not None and verifier.yes_no.model.prices is None and settings.origins.get("max_cost") in STORED:
            limit = None  # it was given to another stage, of another model
        try:
            check_prices(verifier.yes_no.model, limit)
        except Exception as error:
            error.args = (in_verifier(str(error)),)
            raise
        self._run, self._verifier, self._fingerprint = run.path, verifier, fingerprint
        self._parallel = settings.parallel
        self._before = read_spent(run.path, fingerprint)
        self.ledger = Ledger(limit)
        before = self._before
        kept = Usage(before.input_tokens, before.output_tokens, before.cached_tokens)
        self.ledger.keep(verifier.yes_no.model.prices, kept)
        self.asked = 0
        self._saved = time.monotonic()

    def ask(
        self, sights: Sequence[Sight | None], attributes: Sequence[Attribute], heard: Callable[[int, int, float], None]
    ) -> None:
        """Ask about each attribute of each picture that there is.

        Args:
            heard: is told the places of picture and attribute and the probability, as each answer comes.

        Raises:
            LimitReached: the limit may not pay for all of it.
            UsageError: it may not pay for anything.
        """
        questions = {
            (row, column): question
            for row, sight in enumerate(sights)
            if sight is not None
            for column, question in enumerate(self._verifier.questions(sight, attributes))
        }

        def keep(cell: tuple[int, int], probability: float) -> None:
            self.asked += 1
            heard(*cell, probability)
            if time.monotonic() - self._saved >= _SAVED_EVERY:
                self.save()

        if not ask_all(self._verifier.yes_no, questions, self.ledger, self._parallel, keep):
            if not self.asked and not self._before.questions:
                raise pays_for_nothing(self.ledger.limit)
            raise LimitReached(limit_reached(self.ledger.limit))

    def save(self) -> None:
        """Keep what was paid."""
        self._saved = time.monotonic()
        if self.asked or self.ledger.paid != Usage(0, 0):
            before, paid = self._before, self.ledger.paid
            spent = Spent(
                before.questions + self.asked,
                before.input_tokens + paid.input_tokens,
                before.output_tokens + paid.output_tokens,
                before.cached_tokens + paid.cached_tokens,
            )
            write_spent(self._run, self._fingerprint, spent, self._verifier.yes_no.model.settings)

    def spending(self, kept: int, left: int) -> Spending:
        """What was asked now, besides so many answers from before; so many are left to ask."""
        paid = self.ledger.paid
        return Spending(
            questions=self.asked,
            kept=kept,
            unanswered=left,
            input_tokens=paid.input_tokens,
            output_tokens=paid.output_tokens,
            cached_tokens=paid.cached_tokens,
            cost=self.ledger.cost,
            complete=not left,
        )

    def estimate(self, looks: Iterable[Look], attributes: Sequence[Attribute], kept: int) -> Estimate:
        """About what it would take to ask the longest of the questions, without asking anybody."""
        usage, questions = Usage(0, 0), 0
        for look in looks:
            width, height = look.size
            part = (0, 0, width // 2, height // 2) if look.edited else None
            sight = Sight(Image.new("RGB", look.size), part)
            found = [self._verifier.yes_no.estimate(one) for one in self._verifier.questions(sight, attributes)]
            one = max(found, key=lambda usage: usage.input_tokens, default=Usage(0, 0))
            usage += Usage(look.times * one.input_tokens, look.times * one.output_tokens)
            questions += look.times
        prices = self._verifier.yes_no.model.prices
        return Estimate(
            questions=questions,
            kept=kept,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost=None if prices is None else prices.cost(usage),
        )
