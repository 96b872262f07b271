"""How far one who claims to see something agrees with one who knows: precision, recall, Cohen's kappa."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from diffex_cli.search.statistics.intervals import wilson


@dataclasses.dataclass(frozen=True, slots=True)
class Rate:
    """A share of n cases with Wilson's 95 % interval; NaN of none."""

    value: float
    low: float
    high: float
    n: int


@dataclasses.dataclass(frozen=True, slots=True)
class Confusion:
    """Of n cases.

    Attributes:
        precision: of those that are claimed, the share that is true.
        recall: of those that are true, the share that is claimed.
        kappa: 1 for perfect agreement, 0 for that of chance; NaN where both always say the same one thing.
    """

    precision: Rate
    recall: Rate
    kappa: float
    n: int


def confusion(claimed: Sequence[bool], true: Sequence[bool]) -> Confusion:
    """Both of equal length. Kappa: Cohen 1960, "A Coefficient of Agreement for Nominal Scales"."""
    pairs = list(zip(claimed, true, strict=True))
    both = sum(one and other for one, other in pairs)
    return Confusion(_rate(both, sum(claimed)), _rate(both, sum(true)), _kappa(pairs), len(pairs))


def _rate(right: int, n: int) -> Rate:
    return Rate(right / n, *wilson(right / n, n), n) if n else Rate(math.nan, math.nan, math.nan, 0)


def _kappa(pairs: Sequence[tuple[bool, bool]]) -> float:
    n = len(pairs)
    agreed = sum(one == other for one, other in pairs)
    ones, others = sum(one for one, _ in pairs), sum(other for _, other in pairs)
    chance = ones * others + (n - ones) * (n - others)  # of n², in whole numbers, so that certainty is seen
    return math.nan if chance == n * n else (agreed * n - chance) / (n * n - chance)
