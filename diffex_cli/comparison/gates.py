"""May a classifier depend on something that much? Decided on the interval, never on the point. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

Decision: TypeAlias = Literal["pass", "undecided", "fail"]

_SEVERITY: tuple[Decision, ...] = ("pass", "undecided", "fail")
_TOO_MANY = 100
"""So many times the images at hand are no advice any more."""


class Bounds(NamedTuple):
    """An interval of something that is not negative, in logits."""

    low: float
    high: float


def magnitude_bounds(low: float, high: float) -> Bounds:
    """The interval of |effect| that follows from the effect's; from 0 where that has 0 in it. NaN stays NaN."""
    if math.isnan(low) or math.isnan(high):
        return Bounds(math.nan, math.nan)
    ends = sorted((abs(low), abs(high)))
    return Bounds(0.0 if low <= 0 <= high else ends[0], ends[1])


def decide(bounds: Bounds, limit: float) -> Decision:
    """Whether something stays within a limit.

    Returns:
        ``fail`` if the whole interval is above the limit, ``pass`` if none of it is, else ``undecided``,
        also where the interval is unknown (NaN).
    """
    if bounds.low > limit:
        return "fail"
    return "pass" if bounds.high <= limit else "undecided"


def worst(verdicts: Iterable[Decision]) -> Decision:
    """What several verdicts amount to: one failure fails all; nothing to decide passes."""
    return max(verdicts, key=_SEVERITY.index, default="pass")


def images_needed(influence: float, bounds: Bounds, n: int, limit: float) -> int | None:
    """About how many images would decide, if effect and spread stay as they are.

    An interval's width falls with √n, so n · (half width / distance to the limit)².

    Returns:
        ``None`` if nothing can be said, or so many that the effect is as good as at the limit.
    """
    distance = abs(influence - limit)
    half = max(bounds.high - influence, influence - bounds.low)
    if not math.isfinite(half) or not math.isfinite(distance) or distance * math.sqrt(_TOO_MANY) < half:
        return None
    return max(n + 1, math.ceil(n * (half / distance) ** 2)) if distance else None
