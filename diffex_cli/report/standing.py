"""Where an attribute stands, in a few words: the same on the page and on the terminal."""

from __future__ import annotations

from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.report.numbers import MISSING, finite

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
