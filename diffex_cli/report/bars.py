"""The effect bars: where things lie on the one axis that all attributes of a report share."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from diffex_cli.report.data import Row
from diffex_cli.report.numbers import finite

_MARGIN = 2.0


@dataclasses.dataclass(frozen=True, slots=True)
class Bar:
    """One bar; all positions in percent of the axis' width, zero at 50.

    Attributes:
        start: left end of the bar.
        width: its width.
        low: lower end of the interval; None if there is no interval.
        high: upper end.
    """

    start: float
    width: float
    low: float | None
    high: float | None


@dataclasses.dataclass(frozen=True, slots=True)
class Axis:
    """The shared axis, symmetric around zero.

    Attributes:
        span: the effect at the right end, in logits.
    """

    span: float

    @classmethod
    def over(cls, rows: Iterable[Row], *others: float | None) -> Axis:
        """An axis on which all effects, their intervals and the other values fit."""
        values = [value for row in rows for value in (row.effect, row.low, row.high)]
        return cls(
            max((abs(value) for value in (*values, *others) if value is not None and finite(value)), default=0.0)
        )

    def at(self, value: float) -> float:
        """The position of an effect, in percent."""
        if self.span == 0:
            return 50.0
        return round(50 + (50 - _MARGIN) * value / self.span, 2)

    def bar(self, row: Row) -> Bar | None:
        """A row's bar, or None if its effect is unknown."""
        if not finite(row.effect):
            return None
        ends = sorted((50.0, self.at(row.effect)))
        whiskers = (self.at(row.low), self.at(row.high)) if finite(row.low) and finite(row.high) else (None, None)
        return Bar(ends[0], round(ends[1] - ends[0], 2), *whiskers)
