"""A horizontal axis of effects: where values lie, where the ticks stand, how far the noise floor reaches."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator

from diffex_cli.report.numbers import finite
from diffex_cli.report.publication.sheet import INK, NOISE, QUIET, RULE, Sheet

_WIDEST = 2.5
"""The axis goes at most so many times as far as the largest effect: a single wild interval, as few images can have,
would else press all others into its middle."""
_TICKS = 5
_SMALL = 6.0


@dataclasses.dataclass(frozen=True, slots=True)
class Axis:
    """An axis that is symmetric around zero.

    Attributes:
        left: its left end, in points.
        room: its width, in points.
        span: the effect at its right end.
    """

    left: float
    room: float
    span: float

    @classmethod
    def over(cls, left: float, room: float, points: Iterable[float | None], ends: Iterable[float | None]) -> Axis:
        """An axis on which all points fit, and the intervals' ends as far as 2.5 times the largest point."""
        point, end = (max((abs(one) for one in some if finite(one)), default=0.0) for some in (points, ends))
        return cls(left, room, 1.04 * max(point, min(end, _WIDEST * point)) or 1.0)

    def at(self, value: float) -> float:
        """Where an effect lies, in points; the axis' end for what lies beyond."""
        return self.left + self.room * (1 + max(-1.0, min(1.0, value / self.span))) / 2

    def interval(self, sheet: Sheet, y: float, low: float | None, high: float | None, color: str = INK) -> None:
        """An interval's whisker; an arrowhead where it goes on beyond the axis."""
        if not (finite(low) and finite(high)):
            return
        sheet.line((self.at(low), self.at(high)), (y, y), color, 1.1)
        for end, shape in ((low, "<"), (high, ">")):
            if abs(end) > self.span:
                sheet.point(self.at(end), y, shape, color, size=3.5)
            else:
                sheet.line((self.at(end), self.at(end)), (y - 1.8, y + 1.8), color, 1.1)

    def ground(self, sheet: Sheet, top: float, bottom: float, floor: float | None) -> None:
        """The noise floor's band and the line at zero; to be drawn first."""
        if floor:
            sheet.box(self.at(-floor), top, self.at(floor) - self.at(-floor), bottom - top, NOISE)
        sheet.line((self.at(0), self.at(0)), (top, bottom), RULE, 0.8)

    def ticks(self, sheet: Sheet, y: float) -> float:
        """The axis itself with its ticks, below y.

        Returns:
            the bottom of the numbers.
        """
        sheet.line((self.left, self.left + self.room), (y, y), RULE, 0.7)
        for value in self.values():
            sheet.line((self.at(value), self.at(value)), (y, y + 2.2), RULE, 0.7)
            text = f"{value:+.4g}".replace("-", "−") if value else "0"
            sheet.text(self.at(value), y + 2.6, text, _SMALL, color=QUIET, align="center")
        return y + 2.6 + 1.25 * _SMALL

    def values(self) -> Iterator[float]:
        """Round numbers for the ticks: at most five, zero among them."""
        rough = 2 * self.span / (_TICKS - 1)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * (1 - 1e-9))
        count = math.floor(self.span / step)
        if count == 0:
            step, count = self.span / 1.04, 1
        yield from (step * number for number in range(-count, count + 1))
