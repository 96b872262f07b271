"""How a ranking is told on a terminal and in JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from diffex_cli.commands.output import Column, Output
from diffex_cli.commands.running import failures

if TYPE_CHECKING:
    from diffex_cli.artifacts.rows import RankingRow
    from diffex_cli.settings import Settings
    from diffex_cli.stages.search import SearchSummary

_COLUMNS = (
    Column("rank", right=True),
    Column("attribute"),
    Column("effect", right=True),
    Column("95 % interval", right=True),
    Column("n", right=True),
    Column("status"),
)


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
            "noise_floor": noise_floor(ranking),
            "rows": ranking,
            "best": summary.best,
            "levels": summary.levels,
            "edits": summary.edits,
            "made": summary.made,
            "no_ops": summary.no_ops,
            "failed": summary.failed,
            "failure": summary.failure,
            "up_to_date": summary.up_to_date,
            "warnings": summary.warnings,
            "run": settings.run,
        },
        _COLUMNS,
        [_cells(row) for row in ranking],
        title=f"What makes {settings.classifier} say {summary.target!r}: change of its logit",
        quiet="\n".join(f"{row.candidate}\t{row.effect:+.6g}" for row in kept) if kept else None,
    )
    output.say(_strongest(summary, settings.delta))
    if summary.failed:
        output.say(f"{failures(summary.failed, summary.edits, summary.failure)} They are left out of the effects.")
    if summary.up_to_date:
        output.say("Nothing to do: this search was finished before, and its ranking is unchanged.")


def noise_floor(ranking: Sequence[RankingRow]) -> float | None:
    """The largest influence of a placebo, an attribute that the images cannot have; ``None`` if none was measured."""
    found = [row.influence for row in ranking if row.placebo and math.isfinite(row.influence)]
    return max(found, default=None)


def _cells(row: RankingRow) -> tuple[str, ...]:
    name = "  " * row.depth + row.name + (" (placebo)" if row.placebo else "")
    interval = f"{_signed(row.low)} … {_signed(row.high)}" if math.isfinite(row.low) else "–"
    return (str(row.rank), name, _signed(row.effect), interval, str(row.n), row.status)


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−") if math.isfinite(value) else "–"


def _strongest(summary: SearchSummary, delta: float) -> str:
    """The search in one or two sentences. A placebo is never the answer; it says what noise can reach."""
    best = next((row for row in summary.ranking if row.status == "kept" and not row.placebo), None)
    floor = noise_floor(summary.ranking)
    noise = "" if floor is None else f" Noise floor: attributes that no image can have reach {floor:.2f}."
    if best is None:
        return f"No attribute changes the logit of {summary.target!r} by δ = {delta:g} or more.{noise}"
    direction = "raises" if best.effect > 0 else "lowers"
    doubt = "" if floor is None or best.influence > floor else ", which is not above the noise floor"
    return (
        f"Strongest: {best.name!r} {direction} the logit of {best.target!r} by {abs(best.effect):.2f} "
        f"on average over {best.n} images{doubt}.{noise}"
    )
