"""How numbers are written for people: a sign on effects, a dash for what is unknown."""

from __future__ import annotations

import math
from typing import TypeGuard

MISSING = "–"
"""Stands for a number that is unknown or not finite."""


def signed(value: float | None) -> str:
    """An effect in logits with its sign: ``+2.31``, ``−0.042``; two decimals, three below 0.1."""
    text = magnitude(value)
    if value is None or text == MISSING or float(text) == 0:
        return text
    return f"+{text}" if value > 0 else f"−{text}"


def magnitude(value: float | None) -> str:
    """The absolute value, with as many decimals as :func:`signed`."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{abs(value):.{2 if abs(value) >= 0.0995 or value == 0 else 3}f}"


def interval(low: float | None, high: float | None) -> str:
    """Both ends of an interval, ``+2.05 to +2.57``, or a dash if either is unknown."""
    ends = signed(low), signed(high)
    return MISSING if MISSING in ends else f"{ends[0]} to {ends[1]}"


def probability(value: float | None) -> str:
    """A probability with two decimals."""
    return MISSING if value is None or not math.isfinite(value) else f"{value:.2f}"


def finite(value: float | None) -> TypeGuard[float]:
    """Whether there is a number to show."""
    return value is not None and math.isfinite(value)


def share(value: float | None) -> str:
    """A share in whole percent."""
    return MISSING if value is None or not math.isfinite(value) else f"{100 * value:.0f}\N{NO-BREAK SPACE}%"


def percent(value: float) -> str:
    """A probability in percent, with a decimal near 0 and 1: ``4 %``, ``0.3 %``, ``under 0.1 %``, ``99.6 %``."""
    if 0 < value < 0.001 or 0.999 < value < 1:
        return f"{'under 0.1' if value < 0.5 else 'over 99.9'}\N{NO-BREAK SPACE}%"
    decimals = 1 if 0 < value < 0.01 or 0.99 < value < 1 else 0
    return f"{100 * value:.{decimals}f}\N{NO-BREAK SPACE}%"


def counted(count: int, noun: str) -> str:
    """``1 image``, ``3 images``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
