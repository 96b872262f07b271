"""The ranking as a list for a terminal: which columns it has, and what stands in them."""

from __future__ import annotations

from collections.abc import Sequence

from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.core.columns import Column
from diffex_cli.report.data import ReportData
from diffex_cli.report.facts import p_value, standing
from diffex_cli.report.numbers import MISSING, interval, signed

STRONGEST = 10
"""So many rows are listed unless all are asked for."""


def title(data: ReportData) -> str:
    """What the list is of."""
    if data.every_class:
        return f"What moves {data.shown_name}: change of the {data.quantity} of the class that it moves most"
    whom = "the class predicted for each image" if data.target == "predicted" else f"‘{data.target}’"
    if data.quantity == "score":
        return f"What moves {whom} by {data.shown_name}: change of the score"
    return f"What makes {data.shown_name} say {whom}: change of its {data.quantity}"


def columns(data: ReportData, *drawn: Column) -> tuple[Column, ...]:
    """From left to right; where a terminal is narrow, the number of images goes first and the interval last.

    Args:
        drawn: beside the effect, if there is something to draw.
    """
    return (
        Column("rank", right=True, spare=5),
        Column("attribute"),
        *([Column("class")] if data.every_class else []),
        *drawn,
        Column("effect", right=True),
        Column("95 % interval", right=True, spare=1),
        Column("n", right=True, spare=6),
        Column("p", right=True, spare=4),
        Column("evidence"),
        *([Column("held out", right=True, spare=2)] if data.n_held_out else []),
    )


def cells(row: RankingRow, data: ReportData, *drawn: str) -> tuple[str, ...]:
    """A row's, of all columns."""
    raced = row.images is not None and row.images < data.n_images
    held_out = MISSING
    if row.effect_holdout is not None:
        held_out = signed(row.effect_holdout) + ("" if row.confirmed else " ?")
    return (
        str(row.rank),
        row.name,
        *([row.target] if data.every_class else []),
        *drawn,
        signed(row.effect),
        interval(row.low, row.high),
        f"{row.n}/{data.n_images}" if raced else str(row.n),
        p_value(row.p_corrected),
        standing(row),
        *([held_out] if data.n_held_out else []),
    )


def listed(rows: Sequence[RankingRow], *, everything: bool) -> Sequence[RankingRow]:
    """The rows to show, of all by rank."""
    return rows if everything else rows[:STRONGEST]
