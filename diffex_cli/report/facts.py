"""What the ranking holds: which rows explain something, which are sets, and where the noise floor lies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.report.data import Floor, ReportData, Row
from diffex_cli.report.numbers import MISSING, finite
from diffex_cli.search.statistics.verdict import ALPHA

SETS_JOINED_BY = " + "
_NEARLY = 0.8


def ranked(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows by rank; ties by candidate."""
    return tuple(sorted(rows, key=lambda row: (row.rank, row.candidate)))


def is_set(row: Row) -> bool:
    """The row is of several attributes in one edit."""
    return SETS_JOINED_BY in row.candidate


def sets(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The sets of attributes, by rank."""
    return tuple(row for row in ranked(rows) if is_set(row))


def kept(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The single attributes that explain something: kept by the search, with a known effect, no placebos."""
    return tuple(
        row
        for row in ranked(rows)
        if row.status == "kept" and not row.placebo and not is_set(row) and finite(row.effect)
    )


def found(data: ReportData) -> tuple[Row, ...]:
    """The single attributes that can be claimed: those that passed, or, where nothing was judged, those kept."""
    return tuple(row for row in kept(data.rows) if row.passed or not data.judged)


def noise_floor(data: ReportData) -> Floor | None:
    """What an attribute without any effect can reach.

    Returns:
        what the search says; if it says nothing, the influence of the strongest placebo attribute; ``None`` without
        one: the floor was not measured.
    """
    if data.floor is not None:
        return data.floor
    influences = [row.influence for row in data.rows if row.placebo and finite(row.influence)]
    return Floor(max(influences), "largest placebo", len(influences)) if influences else None


def below_floor(row: Row, floor: Floor | None) -> bool:
    """The influence does not exceed the floor. A floor of 0, of placebos that change no pixel, is none."""
    if row.below_floor is not None:
        return row.below_floor
    return floor is not None and floor.value > 0 and row.influence <= floor.value


def finer(row: Row, rows: Sequence[Row]) -> Row | None:
    """Of the attributes below one, the strongest that alone does nearly as much in the same direction, beyond chance.

    A child that does what its parent does is no finding of its own, but tells what the parent's effect is made of.
    """
    below = [
        one
        for one in rows
        if one.candidate.startswith(f"{row.candidate}/")
        and not is_set(one)
        and one.effect * row.effect > 0
        and one.influence >= _NEARLY * row.influence
        and one.p_corrected is not None
        and one.p_corrected <= ALPHA
    ]
    return min(below, key=lambda one: (-one.influence, one.candidate), default=None)


BELOW = "below the noise floor"


def standing(row: RankingRow, below_floor: bool | None = None) -> str:
    """What the search made of a row: ``passed``, ``kept``, ``kept, not beyond chance``, ``dropped, below …``.

    Args:
        row: of the ranking. A placebo is never said to have passed, nor to lie below the floor that it made.
        below_floor: whether it lies below the noise floor, for a row that does not say so itself.
    """
    below = row.below_floor if row.below_floor is not None else below_floor
    if row.placebo:
        return row.status
    if below:
        return f"{row.status}, {BELOW}"
    if row.status != "kept" or row.passed is None:
        return row.status
    return "passed" if row.passed else "kept, not beyond chance"


def p_value(value: float | None) -> str:
    """A p-value with two digits; never 0, since permutations only bound it; a dash if it is unknown."""
    if not finite(value):
        return MISSING
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}"
