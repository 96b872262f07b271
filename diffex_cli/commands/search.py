"""``diffex search``: which attributes matter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffex_cli.commands.options import CONFIG, All, DryRun, Given, listed, takes
from diffex_cli.commands.output import Output, paragraph
from diffex_cli.commands.running import failures, print_plan, run_stage, spending_text
from diffex_cli.core.settings import PAID, REGION, SEARCH, WORK, Settings

if TYPE_CHECKING:
    from diffex_cli.search.search import SearchSummary


SETTINGS = (
    *("classifier", "name", "target", "editor", "verifier", "any_verifier", "protect"),
    *REGION,
    *PAID,
    *listed(SEARCH),
    *("run", CONFIG, "seed", "device", "perceptual", "trust_run", "verify_files"),
)


def found(output: Output, settings: Settings, *, fill: bool = True) -> SearchSummary:
    """Run the stage; what it warns of comes behind its result."""
    from diffex_cli.search import search as stage

    return run_stage(output, lambda progress: stage.run(settings, progress, fill=fill), warn=False)


def print_ranking(output: Output, settings: Settings, summary: SearchSummary, *, everything: bool = False) -> None:
    """Print what a search found for people: the answer, the strongest attributes (or ``everything``), and what it rests
    on."""
    from diffex_cli.report import listing, sentences
    from diffex_cli.report.reading import read_report_data
    from diffex_cli.report.words import plain

    data = read_report_data(settings.run, measured=summary.measured)
    for answer in sentences.answers(data):
        output.say(plain(answer))
    output.say()
    rows = listing.listed(summary.ranking, everything=everything)
    output.table({}, listing.columns(data), [listing.cells(row, data) for row in rows], title=listing.title(data))
    more = sentences.more_sentence(summary.ranking, len(rows))
    if more:
        output.say(more)
    output.say()
    for text in (*sentences.grounds(data), *sentences.cautions(data)):
        output.say(text)
    if summary.failed:
        output.say(f"{failures(summary.failed, summary.edits, summary.failure)} They are left out of the effects.")
    if summary.set_aside is not None:
        last = summary.set_aside
        output.say(
            f"The result for ‘{last.target}’ is kept in {last.folder}: "
            f"`diffex report {settings.run} --target '{last.target}'` shows it."
        )
    if summary.spending is not None and summary.spending.questions:
        output.say(spending_text(summary.spending))
    if summary.up_to_date:
        output.say("Nothing to do: this search was finished before, and its ranking is unchanged.")
    if summary.screening is not None:
        output.say(summary.screening.sentence)


def kept_lines(summary: SearchSummary) -> list[str]:
    """What ``-q`` prints: one line for each kept candidate."""
    return [f"{row.candidate}\t{row.effect:+.6g}" for row in summary.ranking if row.status == "kept"]


def as_data(settings: Settings, summary: SearchSummary) -> dict[str, object]:
    """What ``--json`` prints."""
    from diffex_cli.report import sentences
    from diffex_cli.report.reading import read_report_data
    from diffex_cli.report.words import plain

    data = read_report_data(settings.run, measured=summary.measured)
    return {
        "target": summary.target,
        "editor": settings.editor,
        "classifier": settings.classifier,
        "name": settings.name,
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
        "sentences": [plain(text) for text in sentences.conclusions(data)],
        "rows": summary.ranking,
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
        "spending": summary.spending,
        "set_aside": summary.set_aside,
        "warnings": summary.warnings,
        "run": settings.run,
    }


@takes(*SETTINGS)
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
            help="Only say why an attribute is where it is in the last search: its id, its name, or a part of it.",
            rich_help_panel=WORK,
        ),
    ] = None,
    everything: All = False,
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
    summary = found(output, settings, fill=not no_fill)
    if output.json or output.quiet:
        output.result(as_data(settings, summary) if output.json else {}, "", "\n".join(kept_lines(summary)) or None)
    else:
        print_ranking(output, settings, summary, everything=everything)
        if not summary.up_to_date and (settings.run / "report" / "index.html").exists():
            output.say(f"{settings.run}/report is of an earlier search: `diffex report {settings.run}` writes it anew.")
    output.warnings(summary.warnings)


def _explain(output: Output, run: Path, node: str, target: str | None) -> None:
    from diffex_cli.report.explaining import explain

    explanation = explain(run, node, target)
    text = explanation.text
    output.result({"candidate": explanation.candidate, "text": text}, paragraph(text), text)
