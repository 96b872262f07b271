"""``diffex report``: the explanation as a page, as figures and tables for a paper, or on the terminal."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffex_cli.commands import options
from diffex_cli.commands.output import Output
from diffex_cli.commands.running import print_plan, run_stage
from diffex_cli.core.configuration import resolve
from diffex_cli.core.errors import UsageError

if TYPE_CHECKING:
    from diffex_cli.core.settings import Settings

_SHOW = "What to show"
_FIGURES = Path("report/figures")


def report(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[RUN…]", help="Run directory, instead of --run; several for --table and --figures."),
    ] = None,
    heatmap: Annotated[
        str | None,
        typer.Option(
            "--heatmap",
            metavar="KIND",
            help="Show where the classifier looks, before and after: gradcam, or occlusion for any classifier.",
            rich_help_panel=_SHOW,
        ),
    ] = None,
    max_size: Annotated[
        float,
        typer.Option(
            "--max-size",
            min=0,
            metavar="MB",
            help="A page that would be larger has its pictures in a folder beside it.",
            rich_help_panel=_SHOW,
        ),
    ] = 8.0,
    figures: Annotated[
        bool,
        typer.Option("--figures", help="Draw figures for a paper instead, PNG and SVG.", rich_help_panel=_SHOW),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Where --figures go (default: report/figures in the run).",
            rich_help_panel=_SHOW,
        ),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            "--table",
            metavar="FORMAT",
            help="Print the leading attributes as a table instead: markdown, latex or csv; of several runs side by "
            "side.",
            rich_help_panel=_SHOW,
        ),
    ] = None,
    terminal: Annotated[
        bool,
        typer.Option(
            "--terminal",
            help="Show the report here instead, with small pictures where there are colours.",
            rich_help_panel=_SHOW,
        ),
    ] = False,
    run: options.Run = None,
    config: options.Config = None,
    device: options.Device = None,
    dry_run: options.DryRun = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Write the ranking as a self-contained HTML page with before/after pictures, a figure, CSV and JSON."""
    output = Output(json=json, quiet=quiet)
    _check(runs, run, heatmap, figures=figures, out=out, table=table, terminal=terminal)
    if table is not None or (figures and runs and len(runs) > 1):
        chosen = runs or [resolve({"run": run}, os.environ, config).run]
        _publish(output, chosen, table, out)
        return
    settings = resolve({"run": runs[0] if runs else run, "device": device}, os.environ, config)
    if figures:
        _publish(output, [settings.run], None, out)
    elif terminal:
        _show(output, settings)
    else:
        _write(output, settings, max_size, heatmap, dry_run=dry_run)


def _check(
    runs: list[Path] | None,
    run: Path | None,
    heatmap: str | None,
    *,
    figures: bool,
    out: Path | None,
    table: str | None,
    terminal: bool,
) -> None:
    asked = {"--figures": figures, "--table": table is not None, "--terminal": terminal, "--heatmap": bool(heatmap)}
    given = [option for option, is_given in asked.items() if is_given]
    if len(given) > 1:
        raise UsageError(f"{given[0]} and {given[1]} are different reports: ask for one after the other")
    if runs and run is not None:
        raise UsageError(f"the run directory is given twice, as {runs[0]} and with --run {run}: leave one out")
    if runs and len(runs) > 1 and not (figures or table):
        raise UsageError(
            "a page is about one run: name one, or compare several with --table, --figures or `diffex compare`"
        )
    if out is not None and not figures:
        raise UsageError("--out says where --figures go: add --figures, or leave it out")
    if figures and runs and len(runs) > 1 and out is None:
        raise UsageError("the figure of several runs belongs to none of them: say with --out DIR where it goes")


def _write(output: Output, settings: Settings, max_size: float, heatmap: str | None, *, dry_run: bool) -> None:
    from diffex_cli.heatmaps.kinds import parse_kind
    from diffex_cli.report import report as stage

    kind = None if heatmap is None else parse_kind(heatmap)
    if dry_run:
        print_plan(output, stage.plan(settings))
        return
    summary = run_stage(output, lambda progress: stage.run(settings, progress, round(max_size * 1e6), kind))
    html = str(summary.html)
    told = f"The report on {summary.candidates} attributes, {summary.size / 1e6:.1f} MB: {html}"
    output.result(dataclasses.asdict(summary), told, quiet=html)


def _publish(output: Output, runs: list[Path], table: str | None, out: Path | None) -> None:
    from diffex_cli.report.publication import figures as drawings

    if table is not None:
        text = drawings.table(runs, table)
        output.result({"runs": runs, "format": table, "table": text}, text.rstrip("\n"), quiet=text.rstrip("\n"))
        return
    folder = out or runs[0] / _FIGURES
    files = drawings.draw_figures(runs[0], folder) if len(runs) == 1 else drawings.draw_top(runs, folder)
    names = "\n".join(map(str, files))
    output.result({"runs": runs, "files": files}, names, quiet=names)


def _show(output: Output, settings: Settings) -> None:
    from rich.console import Console

    from diffex_cli.report import report as stage
    from diffex_cli.report import sentences
    from diffex_cli.report.facts import ranked
    from diffex_cli.report.terminal import can_show_pictures, show
    from diffex_cli.report.words import plain

    data = stage.read(settings)
    if output.json or output.quiet:
        headline = plain(sentences.headline(data))
        output.result(
            {
                "headline": headline,
                "findings": [plain(text) for text in sentences.findings(data)],
                "unimportant": [plain(text) for text in sentences.unimportant(data)],
                "attributes": [dataclasses.asdict(row) for row in ranked(data.rows)],
                "warnings": [*data.warnings, *sentences.cautions(data)],
            },
            "",
            quiet=headline,
        )
        return
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 120)
    show(data, console, can_show_pictures(console))
