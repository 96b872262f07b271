"""``diffex search``: which attributes matter."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffex_cli.commands.options import CONFIG, DryRun, Given, listed, takes
from diffex_cli.commands.output import Column, Output
from diffex_cli.commands.running import failures, print_plan, run_stage
from diffex_cli.core.settings import SEARCH, WORK, Settings
from diffex_cli.report.conclusions import conclusions, every_class, signed, whom

if TYPE_CHECKING:
    from diffex_cli.artifacts.rows import RankingRow
    from diffex_cli.search.search import SearchSummary


_UNITS = {"logit": "logit", "prob": "probability"}
_FIRST = (Column("rank", right=True), Column("attribute"))
_CLASS = Column("class")
_FIGURES = (
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
            "screening": summary.screening,
            "edits": summary.edits,
            "made": summary.made,
            "no_ops": summary.no_ops,
            "failed": summary.failed,
            "failure": summary.failure,
            "up_to_date": summary.up_to_date,
            "warnings": summary.warnings,
            "run": settings.run,
        },
        _columns(summary),
        [_cells(row, summary) for row in ranking],
        title=_title(summary, settings),
        quiet="\n".join(f"{row.candidate}\t{row.effect:+.6g}" for row in kept) if kept else None,
    )
    for sentence in conclusions(summary, settings):
        output.say(sentence)
    if summary.failed:
        output.say(f"{failures(summary.failed, summary.edits, summary.failure)} They are left out of the effects.")
    if summary.up_to_date:
        output.say("Nothing to do: this search was finished before, and its ranking is unchanged.")


def _title(summary: SearchSummary, settings: Settings) -> str:
    unit = _UNITS[settings.scale]
    if every_class(summary):
        return f"What moves {settings.classifier}: change of the {unit} of the class that it moves most"
    return f"What makes {settings.classifier} say {whom(summary.target)}: change of its {unit}"


def _columns(summary: SearchSummary) -> tuple[Column, ...]:
    whose = (_CLASS,) if every_class(summary) else ()
    return (*_FIRST, *whose, *_FIGURES, *((_HELD_OUT,) if summary.held_out else ()))


def _cells(row: RankingRow, summary: SearchSummary) -> tuple[str, ...]:
    from diffex_cli.report.facts import p_value, standing

    name = "  " * row.depth + row.name + (" (placebo)" if row.placebo else "")
    whose = (row.target,) if every_class(summary) else ()
    raced = row.images is not None and row.images < summary.images
    n = f"{row.n}/{summary.images}" if raced else str(row.n)
    figures = (signed(row.effect), _interval(row.low, row.high), n, p_value(row.p_corrected), standing(row))
    return (str(row.rank), name, *whose, *figures, *((_held_out(row),) if summary.held_out else ()))


def _held_out(row: RankingRow) -> str:
    if row.effect_holdout is None:
        return "–"
    return signed(row.effect_holdout) + ("" if row.confirmed else " ?")


def _interval(low: float, high: float) -> str:
    return f"{signed(low)} … {signed(high)}" if math.isfinite(low) else "–"


@takes("classifier", "target", "editor", *listed(SEARCH), "run", CONFIG, "seed", "device", "perceptual")
def search(
    given: Given,
    *,
    no_fill: Annotated[
        bool,
        typer.Option(
            "--no-fill",
            help="Touch no model: write what is missing to requests.parquet and exit with 3.",
            rich_help_panel=WORK,
        ),
    ] = False,
    explain: Annotated[
        str | None,
        typer.Option(
            "--explain",
            metavar="NODE",
            help="Only say why an attribute is where it is in the last search: its id or its name.",
            rich_help_panel=WORK,
        ),
    ] = None,
    dry_run: DryRun = False,
    output: Output,
) -> None:
    """Find the attributes that influence the classifier most, coarse to fine, and rank them.

    Makes the edits and scores that it lacks. An interrupted search goes on where it stopped. Effects come with their
    uncertainty: "passed" is what stands out from noise, corrected for all that was tried.
    """
    if explain is not None:
        _explain(output, given.run(), explain)
        return
    settings = given.settings("classifier", "editor")
    from diffex_cli.search import search as stage

    stage.check(settings, fill=not no_fill)
    if dry_run:
        print_plan(output, stage.plan(settings))
        return
    summary = run_stage(output, lambda progress: stage.run(settings, progress, fill=not no_fill))
    print_ranking(output, settings, summary)
    if summary.screening is not None:
        output.say(summary.screening.sentence)


def _explain(output: Output, run: Path, node: str) -> None:
    from diffex_cli.report.explaining import explain

    explanation = explain(run, node)
    output.result({"candidate": explanation.candidate, "text": explanation.text}, explanation.text, explanation.text)
