"""The four lists of every report: shown to matter, could matter, shown to be small, not tested; none is in two."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable

from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.facts import is_set, ranked
from diffex_cli.search.statistics.claims import claim_of, findings, images_needed, magnitude_bounds


@dataclasses.dataclass(frozen=True, slots=True)
class Claimed:
    """An attribute that matters, and the groups above it that matter because of it, the coarsest first.

    Attributes:
        mixture: it is a group that its measured members do not bear out.
    """

    row: Row
    because: tuple[Row, ...]
    mixture: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Claims:
    """The single attributes of a ranking by what can be said of them, each list with the strongest first.

    Attributes:
        matters: the finest attributes that were shown to matter, in either direction; mixtures come last.
        undecided: those that could matter: there are too few images to say.
        small: those that were shown to do less than δ.
        not_tested: those that too few of their edits show, those that the most show first.
    """

    matters: tuple[Claimed, ...]
    undecided: tuple[Row, ...]
    small: tuple[Row, ...]
    not_tested: tuple[Row, ...] = ()


def with_claims(rows: Iterable[Row], delta: float) -> tuple[Row, ...]:
    """The rows, each with what its figures let one say, whoever wrote them."""
    return tuple(dataclasses.replace(row, claim=claim_of(row, delta)) for row in rows)


def claims(data: ReportData) -> Claims:
    """What can be said of each attribute; placebos, sets and what could not be measured are in none of the lists."""
    rows = {row.candidate: row for row in ranked(data.rows) if not is_set(row)}
    return Claims(
        matters=tuple(
            Claimed(rows[one.candidate], tuple(rows[id] for id in one.because), one.mixture)
            for one in findings(rows.values(), data.delta)
        ),
        undecided=tuple(row for row in rows.values() if row.claim == "undecided"),
        small=tuple(row for row in rows.values() if row.claim == "small"),
        not_tested=tuple(
            sorted((row for row in rows.values() if row.claim == "not tested"), key=lambda row: -(row.landed or 0))
        ),
    )


def shown(data: ReportData) -> tuple[Row, ...]:
    """The single attributes that were shown to matter, the finest ones, the strongest first and mixtures last."""
    return tuple(one.row for one in claims(data).matters)


def images_to_decide(row: Row, data: ReportData) -> int | None:
    """About how many images would say whether an attribute matters, if effect and spread stay as they are; ``None`` if
    nothing can be said, or so many that the effect is as good as at δ."""
    needed = images_needed(row.influence, magnitude_bounds(row.low, row.high), row.n, data.delta)
    if needed is None or row.influence < data.delta:
        return needed
    if row.below_floor or row.p_corrected is None:
        return None
    if not math.isfinite(data.detectable):
        return needed if math.isnan(data.detectable) else None
    return max(needed, row.n + 1, math.ceil(row.n * (data.detectable / row.influence) ** 2))
