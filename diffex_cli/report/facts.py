"""What the ranking holds: which rows matter, which are sets, and where the noise floor lies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.report.data import Floor, ReportData, Row
from diffex_cli.report.numbers import MISSING, counted, finite
from diffex_cli.search.statistics import claims
from diffex_cli.search.statistics.intervals import wilson


def ranked(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows by rank; ties by candidate."""
    return tuple(sorted(rows, key=lambda row: (row.rank, row.candidate)))


def is_set(row: Row) -> bool:
    """The row is of several attributes in one edit."""
    return claims.is_set(row.candidate)


def sets(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The sets of attributes, by rank."""
    return tuple(row for row in ranked(rows) if is_set(row))


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


WORDS: Mapping[str | None, str] = {
    "matters": "matters",
    "undecided": "could matter",
    "small": "small",
    "not tested": "not tested",
    None: "not measured",
}


def standing(row: RankingRow) -> str:
    """What can be said of a row, in a word or two; a placebo shows what noise can do, and nothing else."""
    return "placebo" if row.placebo else WORDS[row.claim]


def landed(row: RankingRow) -> str:
    """How many of a row's edits show what they were asked for; empty where nobody looked."""
    if row.landed is None or not row.n_landed:
        return ""
    many, n = round(row.landed * row.n_landed), counted(row.n_landed, "edit")
    verb = "does" if many == 1 else "do"
    if is_set(row):
        return f"{many} of {n} {verb} all of it"
    if row.candidate.startswith("-"):
        return f"{many} of {n} no longer {'shows' if many == 1 else 'show'} it"
    return f"{many} of {n} {'shows' if many == 1 else 'show'} it"


def cannot_draw(row: RankingRow) -> bool:
    """Of what was not tested: so many edits were made that most others would show it no more, by Wilson's 95 % interval
    of the share that does. Otherwise there are too few to tell."""
    if row.landed is None or not row.n_landed:
        return False
    return wilson(row.landed, row.n_landed)[1] < 0.5


def untested(row: RankingRow) -> str:
    """Why a row was not tested, and what may help."""
    if cannot_draw(row):
        return f"{landed(row)}, too few to say what it does; another editor may draw it"
    return f"{landed(row)}, which tells little; more images that lack it, or another editor, may help"


def p_value(value: float | None) -> str:
    """A p-value with two digits; never 0, since permutations only bound it; a dash if it is unknown."""
    if not finite(value):
        return MISSING
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}"
