"""``diffex search``: which attributes matter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffex_cli.commands.options import CONFIG, DryRun, Given, listed, takes
from diffex_cli.commands.output import Column, Output
from diffex_cli.commands.running import failures, print_plan, run_stage
from diffex_cli.core.settings import SEARCH, WORK, Settings

if TYPE_CHECKING:
    from diffex_cli.artifacts.rows import RankingRow
    from diffex_cli.report.data import ReportData
    from diffex_cli.search.search import SearchSummary


_FIRST = (Column("rank", right=True), Column("attribute"))
_CLASS = Column("class")
_FIGURES = (
    Column("effect", right=True),
    Column("95 % interval", right=True),
    Column("n", right=True),
    Column("p", right=True),
    Column("evidence"),
)
_HELD_OUT = Column("held out", right=True)


def print_ranking(output: Output, settings: Settings, summary: SearchSummary) -> None:
    """Print what a search found: a table and sentences, or JSON, or with ``-q`` one line for each kept candidate."""
    from diffex_cli.report.reading import read_report_data
    from diffex_cli.report.sentences import conclusions
    from diffex_cli.report.words import plain

    ranking = summary.ranking
    kept = [row for row in ranking if row.status == "kept"]
    data = read_report_data(settings.run)
    sentences = [plain(text) for text in conclusions(data)]
    output.table(
        {
            "target": summary.target,
            "editor": settings.editor,
            "classifier": settings.classifier,
            "delta": settings.delta,
            "scale": settings.scale,
            "noise_floor": summary.verdict.floor.value,
            "noise_floor_source": summary.verdict.floor.source,
            "noise_floor_arms": summary.verdict.floor.arms,
            "noise_floor_n": summary.verdict.floor.n,
            "detectable": summary.verdict.detectable,
            "corrected_for": summary.verdict.corrected_for,
            "corrected_for_sets": summary.verdict.corrected_for_sets or None,
            "passed": summary.passed,
            "sentences": sentences,
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
            "set_aside": summary.set_aside,
            "warnings": summary.warnings,
            "run": settings.run,
        },
        _columns(data),
        [_cells(row, data) for row in ranking],
        title=_title(data),
        quiet="\n".join(f"{row.candidate}\t{row.effect:+.6g}" for row in kept) if kept else None,
    )
    for sentence in sentences:
        output.say(sentence)
    if summary.failed:
        output.say(f"{failures(summary.failed, summary.edits, summary.failure)} They are left out of the effects.")
    if summary.set_aside is not None:
        last = summary.set_aside
        output.say(
            f"The result for ‘{last.target}’ is kept in {last.folder}: "
            f"`diffex report {settings.run} --target '{last.target}'` shows it."
        )
    if not summary.up_to_date and (settings.run / "report" / "index.html").exists():
        output.say(f"{settings.run}/report is of an earlier search: `diffex report {settings.run}` writes it anew.")
    if summary.up_to_date:
        output.say("Nothing to do: this search was finished before, and its ranking is unchanged.")


def _title(data: ReportData) -> str:
    if data.every_class:
        return f"What moves {data.classifier}: change of the {data.quantity} of the class that it moves most"
    whom = "the class predicted for each image" if data.target == "predicted" else f"‘{data.target}’"
    if data.quantity == "score":
        return f"What moves {whom} by {data.classifier}: change of the score"
    return f"What makes {data.classifier} say {whom}: change of its {data.quantity}"


def _columns(data: ReportData) -> tuple[Column, ...]:
    whose = (_CLASS,) if data.every_class else ()
    return (*_FIRST, *whose, *_FIGURES, *((_HELD_OUT,) if data.n_held_out else ()))


def _cells(row: RankingRow, data: ReportData) -> tuple[str, ...]:
    from diffex_cli.report.facts import p_value, standing
    from diffex_cli.report.numbers import MISSING, interval, signed

    whose = (row.target,) if data.every_class else ()
    raced = row.images is not None and row.images < data.n_images
    n = f"{row.n}/{data.n_images}" if raced else str(row.n)
    held_out = MISSING
    if row.effect_holdout is not None:
        held_out = signed(row.effect_holdout) + ("" if row.confirmed else " ?")
    figures = (signed(row.effect), interval(row.low, row.high), n, p_value(row.p_corrected), standing(row))
    return (str(row.rank), row.name, *whose, *figures, *((held_out,) if data.n_held_out else ()))


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

    Makes the edits and scores that it lacks. An interrupted search continues where it stopped. Effects come with their
    uncertainty: what is said to matter stands out from noise, corrected for all that was tried.
    """
    if explain is not None:
        _explain(output, given.run(), explain, given.flags["target"])
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


def _explain(output: Output, run: Path, node: str, target: str | None) -> None:
    from diffex_cli.report.explaining import explain

    explanation = explain(run, node, target)
    output.result({"candidate": explanation.candidate, "text": explanation.text}, explanation.text, explanation.text)
