"""What the evidence lets one say of an attribute, whatever the search did with it. Pure functions.

What the beam kept, followed or dropped decides what is expanded; it is no evidence. A claim rests on three figures
alone: the p-value corrected for all that was looked at, the noise floor, and the interval.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias

ALPHA = 0.05
"""The largest corrected p-value that is called significant."""

Claim: TypeAlias = Literal["matters", "undecided", "small", "not tested"]
CLAIMS: tuple[Claim, ...] = ("matters", "undecided", "small", "not tested")
LEAST_LANDED = 0.2
"""The smallest share of edits that has to show what was asked for, so that anything is said of the attribute."""

SETS_JOINED_BY = " + "
_TOO_MANY = 100
"""So many times the images at hand are no advice any more."""


class Measured(Protocol):
    """One row of a ranking, as far as a claim needs it; unknown figures are NaN or ``None``."""

    @property
    def candidate(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def effect(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def placebo(self) -> bool: ...
    @property
    def p_corrected(self) -> float | None: ...
    @property
    def below_floor(self) -> bool | None: ...
    @property
    def landed(self) -> float | None: ...


def claim_of(row: Measured, delta: float) -> Claim | None:
    """What can be said of one candidate.

    Args:
        row: its figures.
        delta: δ, the least effect that counts, in the unit of ``row.effect``.

    Returns:
        ``matters``: at least δ on average, beyond chance when corrected for all that was looked at, above the noise
        floor, and its interval excludes zero. ``small``: its whole interval lies within ±δ. ``undecided``: neither.
        ``not tested``: a verifier saw it in too few of its edits. ``None`` of a placebo, whose effect is noise by
        construction, and of what could not be measured.
    """
    if row.placebo or not math.isfinite(row.effect):
        return None
    if row.landed is not None and row.landed < LEAST_LANDED:
        return "not tested"
    known = math.isfinite(row.low) and math.isfinite(row.high)
    # an effect that is the same on every image has an interval of no width
    if known and max(-row.low, row.high) < delta:
        return "small"
    significant = row.p_corrected is not None and row.p_corrected <= ALPHA
    if not significant or row.below_floor or abs(row.effect) < delta or not known:
        return "undecided"
    return "matters" if row.low > 0 or row.high < 0 else "undecided"


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """An attribute that matters, and the groups above it that matter because of it, the coarsest first.

    Attributes:
        mixture: it is a group that its measured members do not bear out: none of them matters in its direction, or one
            of them in the other.
    """

    candidate: str
    because: tuple[str, ...] = ()
    mixture: bool = False


def findings(rows: Iterable[Measured], delta: float) -> tuple[Finding, ...]:
    """The finest attributes that matter; each of the attributes that matter is in one of them. The strongest come
    first, and groups that their members do not bear out last: an edit towards a group mixes its members, so that its
    effect may be that of the mixture alone.

    A group whose effect one of its members has alone is no finding of its own: it matters because of that member. A
    member suffices if it matters to the same class in the same direction and is no weaker than the group, or its
    interval contains the group's effect. Sets of attributes are left out.
    """
    single = [row for row in rows if not is_set(row.candidate)]
    matter = [row for row in single if claim_of(row, delta) == "matters"]
    folded: dict[str, list[str]] = {}
    for row in matter:
        folded.setdefault(_finest(row, matter).candidate, []).append(row.candidate)
    found = [
        Finding(
            row.candidate,
            tuple(sorted((id for id in folded[row.candidate] if id != row.candidate), key=len)),
            mixture=_is_mixture(row, single, matter),
        )
        for row in sorted(matter, key=lambda row: (-abs(row.effect), row.candidate))
        if row.candidate in folded
    ]
    return tuple(sorted(found, key=lambda one: one.mixture))


def _finest(row: Measured, matter: Sequence[Measured]) -> Measured:
    members = [one for one in matter if one.candidate.startswith(f"{row.candidate}/") and _suffices(one, row)]
    if not members:
        return row
    return _finest(min(members, key=lambda one: (-abs(one.effect), one.candidate)), matter)


def _is_mixture(row: Measured, single: Sequence[Measured], matter: Sequence[Measured]) -> bool:
    def members(rows: Sequence[Measured]) -> list[Measured]:
        return [one for one in rows if one.candidate.startswith(f"{row.candidate}/") and one.target == row.target]

    directions = {one.effect > 0 for one in members(matter)}
    return any(math.isfinite(one.effect) for one in members(single)) and directions != {row.effect > 0}


def _suffices(member: Measured, group: Measured) -> bool:
    if member.target != group.target or member.effect * group.effect <= 0:
        return False
    return abs(member.effect) >= abs(group.effect) or member.low <= group.effect <= member.high


def is_set(candidate: str) -> bool:
    """The candidate is of several attributes in one edit."""
    return SETS_JOINED_BY in candidate


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


def images_needed(influence: float, bounds: Bounds, n: int, limit: float) -> int | None:
    """About how many images would decide, if effect and spread stay as they are.

    An interval's width falls with √n, so n · (half width / distance to the limit)².

    Args:
        influence: |effect|, in logits.
        bounds: its interval, over n images.
        n: images so far.
        limit: the limit.

    Returns:
        ``None`` if nothing can be said, or so many that the effect is as good as at the limit.
    """
    distance = abs(influence - limit)
    half = max(bounds.high - influence, influence - bounds.low)
    if not math.isfinite(half) or not math.isfinite(distance) or distance * math.sqrt(_TOO_MANY) < half:
        return None
    return max(n + 1, math.ceil(n * (half / distance) ** 2)) if distance else None
