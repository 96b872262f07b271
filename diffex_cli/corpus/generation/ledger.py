"""What the questions have taken so far, and a limit that they do not cross."""

from __future__ import annotations

import threading

from diffex_cli.corpus.language_models.base import Prices, Usage

_SLACK = 1.25
"""A provider may count so many times the tokens that were estimated for the input."""


class OverBudget(Exception):  # noqa: N818
    """The next question might cross the limit."""


class Ledger:
    """Sums tokens and dollars; may be used by several threads.

    Args:
        limit: US dollars; ``None`` for none.
    """

    def __init__(self, limit: float | None = None) -> None:
        self._limit = limit
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
            prices: of the model.
            expected: the estimate, of which the input counts.
            longest: the most tokens that the answer may have.

        Returns:
            The amount, for :meth:`settle`.

        Raises:
            OverBudget: it does not fit.
        """
        if self._limit is None or prices is None:
            return 0.0
        amount = prices.cost(Usage(round(expected.input_tokens * _SLACK), longest))
        with self._changed:
            while (self.cost or 0.0) + self.kept_cost + self._reserved + amount > self._limit:
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
