"""How a ranking is told on a terminal and in JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from diffex_cli.commands.conclusions import conclusions, signed
from diffex_cli.commands.output import Column, Output
from diffex_cli.commands.running import failures

if TYPE_CHECKING:
    from diffex_cli.artifacts.rows import RankingRow
    from diffex_cli.settings import Settings
    from diffex_cli.stages.search import SearchSummary

_UNITS = {"logit": "logit", "prob": "probability"}
_COLUMNS = (
    Column("rank", right=True),
    Column("attribute"),
    Column("effect", right=True),
    Column("95 % interval", right=True),
    Column("n", right=True),
    Column("p", right=True),
    Column("status"),
)
_HELD_OUT = Column("held out", right=True)


def print_ranking(output: Output, settings: Settings, summary: SearchSummary) -> None:
    """Print what a search found: a table and a sentence, or JSON, or with ``-q`` one line for each kept candidate."""
    ranking = summary.ranking
    kept = [row for row in ranking if row.status == "kept"]
    output.table(
        {
            "target": summary.target,
            "editor": settings.editor,
            "classifier": settings.classifier,
            "delta": settings.delta,
            "scale": settings.scale,
            "noise_floor": summary.verdict.floor.value,
            "noise_floor_source": summary.verdict.floor.source,
            "detectable": summary.verdict.detectable,
            "corrected_for": summary.verdict.corrected_for,
            "passed": summary.passed,
            "rows": ranking,
            "best": summary.best,
            "best_joint": summary.best_joint,
            "levels": summary.levels,
            "images": summary.images,
            "held_out": summary.held_out,
            "edits": summary.edits,
            "made": summary.made,
            "no_ops": summary.no_ops,
            "failed": summary.failed,
            "failure": summary.failure,
            "up_to_date": summary.up_to_date,
            "warnings": summary.warnings,
            "run": settings.run,
        },
        (*_COLUMNS, _HELD_OUT) if summary.held_out else _COLUMNS,
        [_cells(row, bool(summary.held_out)) for row in ranking],
        title=f"What makes {settings.classifier} say {summary.target!r}: change of its {_UNITS[settings.scale]}",
        quiet="\n".join(f"{row.candidate}\t{row.effect:+.6g}" for row in kept) if kept else None,
    )
    for sentence in conclusions(summary, settings):
        output.say(sentence)
    if summary.failed:
        output.say(f"{failures(summary.failed, summary.edits, summary.failure)} They are left out of the effects.")
    if summary.up_to_date:
        output.say("Nothing to do: this search was finished before, and its ranking is unchanged.")


def _cells(row: RankingRow, held_out: bool) -> tuple[str, ...]:
    name = "  " * row.depth + row.name + (" (placebo)" if row.placebo else "")
    p = "–" if row.p_corrected is None else f"{row.p_corrected:.2g}"
    cells = (str(row.rank), name, signed(row.effect), _interval(row.low, row.high), str(row.n), p, _status(row))
    if not held_out:
        return cells
    again = "–" if row.effect_holdout is None else signed(row.effect_holdout)
    return (*cells, again + ("" if row.effect_holdout is None or row.confirmed else " ?"))


def _status(row: RankingRow) -> str:
    if row.status != "kept" or row.placebo:
        return row.status
    if row.below_floor:
        return "kept, below the floor"
    return "kept" if row.passed else "kept, not beyond chance"


def _interval(low: float, high: float) -> str:
    return f"{signed(low)} … {signed(high)}" if math.isfinite(low) else "–"
