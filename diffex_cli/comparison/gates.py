"""May a classifier depend on something that much? Decided on the interval, never on the point. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from diffex_cli.search.statistics.claims import Bounds

Decision: TypeAlias = Literal["pass", "undecided", "fail"]

_SEVERITY: tuple[Decision, ...] = ("pass", "undecided", "fail")


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
