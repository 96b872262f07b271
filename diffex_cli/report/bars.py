"""The effect bars: where things lie on the one axis that all attributes of a report share."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from diffex_cli.report.data import Row
from diffex_cli.report.numbers import finite

_MARGIN = 2.0
_WIDEST = 2.5
"""The axis goes at most so many times as far as the largest effect: a single wild interval, as few images can have,
would else make all other bars invisible."""


@dataclasses.dataclass(frozen=True, slots=True)
class Bar:
    """One bar; all positions in percent of the axis' width, zero at 50.

    Attributes:
        start: left end of the bar.
        width: its width.
        low: lower end of the interval; None if there is no interval.
        high: upper end.
        again: where the effect on the held-out images lies; None if there is none.
        again_low: lower end of that one's interval; None if there is no interval.
        again_high: upper end.
    """

    start: float
    width: float
    low: float | None
    high: float | None
    again: float | None = None
    again_low: float | None = None
    again_high: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Axis:
    """The shared axis, symmetric around zero.

    Attributes:
        span: the effect at the right end, in logits.
    """

    span: float

    @classmethod
    def over(cls, rows: Iterable[Row], *others: float | None) -> Axis:
        """An axis on which all effects and the other values fit, and the intervals as far as :data:`_WIDEST` allows."""
        rows = tuple(rows)
        points = [*(value for row in rows for value in (row.effect, row.effect_holdout)), *others]
        return cls.of(points, [end for row in rows for end in (row.low, row.high, row.low_holdout, row.high_holdout)])

    @classmethod
    def of(cls, points: Iterable[float | None], ends: Iterable[float | None]) -> Axis:
        """The same over effects, and the ends of their intervals."""
        point, end = (max((abs(one) for one in some if finite(one)), default=0.0) for some in (points, ends))
        return cls(max(point, min(end, _WIDEST * point)))

    def at(self, value: float) -> float:
        """The position of an effect, in percent; the axis' end for what lies beyond."""
        if self.span == 0:
            return 50.0
        return round(50 + (50 - _MARGIN) * max(-1.0, min(1.0, value / self.span)), 2)

    def bar(self, row: Row) -> Bar | None:
        """A row's bar, or None if its effect is unknown."""
        if not finite(row.effect):
            return None
        ends = sorted((50.0, self.at(row.effect)))
        low, high = self.interval(row.low, row.high)
        again_low, again_high = self.interval(row.low_holdout, row.high_holdout)
        again = self.at(row.effect_holdout) if finite(row.effect_holdout) else None
        return Bar(ends[0], round(ends[1] - ends[0], 2), low, high, again, again_low, again_high)

    def interval(self, low: float | None, high: float | None) -> tuple[float, float] | tuple[None, None]:
        """The positions of an interval's ends; ``None`` twice if it is unknown."""
        return (self.at(low), self.at(high)) if finite(low) and finite(high) else (None, None)
