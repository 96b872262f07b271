"""``diffex report``: the explanation as a page, as figures and tables for a paper, or on the terminal."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from diffex_cli.commands.options import CONFIG, All, DryRun, Given, takes
from diffex_cli.commands.output import Output, console
from diffex_cli.commands.running import print_plan, run_stage
from diffex_cli.core.errors import UsageError

if TYPE_CHECKING:
    from diffex_cli.core.settings import Settings
    from diffex_cli.heatmaps.kinds import Kind
    from diffex_cli.report.build import Report

_SHOW = "What to show"
_FIGURES = Path("report/figures")


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """What the page holds, and how large it may be."""

    heatmap: Annotated[
        str | None,
        typer.Option(
            "--heatmap",
            metavar="KIND",
            help="Show where the classifier looks, before and after: gradcam, or occlusion for any classifier.",
            rich_help_panel=_SHOW,
        ),
    ] = None
    max_size: Annotated[
        float,
        typer.Option(
            "--max-size",
            min=0,
            metavar="MB",
            help="A page that would be larger has its pictures in a folder beside it.",
            rich_help_panel=_SHOW,
        ),
    ] = 8.0
    max_pixels: Annotated[
        int,
        typer.Option(
            "--max-pixels",
            min=0,
            metavar="N",
            help="Longer side at which a picture is stored to be looked at; 0 stores thumbnails only.",
            rich_help_panel=_SHOW,
        ),
    ] = 1024

    def check(self) -> Kind | None:
        """Complain about a heat map of a kind that there is not; the kind."""
        from diffex_cli.heatmaps.kinds import parse_kind

        return None if self.heatmap is None else parse_kind(self.heatmap)


@dataclasses.dataclass(frozen=True, slots=True)
class _Wanted:
    """Of which run, and what to show of it."""

    runs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[RUN…]", help="Run directory, instead of --run; several for --table and --figures."),
    ] = None
    figures: Annotated[
        bool,
        typer.Option("--figures", help="Draw figures for a paper instead, PNG and SVG.", rich_help_panel=_SHOW),
    ] = False
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Where --figures go (default: report/figures in the run).",
            rich_help_panel=_SHOW,
        ),
    ] = None
    table: Annotated[
        str | None,
        typer.Option(
            "--table",
            metavar="FORMAT",
            help="Print the leading attributes as a table instead: markdown, latex or csv; of several runs side by "
            "side.",
            rich_help_panel=_SHOW,
        ),
    ] = None
    terminal: Annotated[
        bool,
        typer.Option(
            "--terminal",
            help="Show the report here instead, with small pictures where there are colours.",
            rich_help_panel=_SHOW,
        ),
    ] = False

    everything: All = False

    def check(self, run: Path | None, heatmap: str | None) -> None:
        """Refuse what does not go together; ``run`` is that of ``--run``, ``heatmap`` the page's."""
        asked = {
            "--figures": self.figures,
            "--table": self.table is not None,
            "--terminal": self.terminal,
            "--heatmap": bool(heatmap),
        }
        reports = [option for option, is_given in asked.items() if is_given]
        if len(reports) > 1:
            raise UsageError(f"{reports[0]} and {reports[1]} are different reports: ask for one after the other")
        if self.runs and run is not None:
            raise UsageError(f"the run directory is given twice, as {self.runs[0]} and with --run {run}: leave one out")
        several = self.runs is not None and len(self.runs) > 1
        if several and not (self.figures or self.table):
            raise UsageError(
                "a page is about one run: name one, or compare several with --table, --figures or `diffex compare`"
            )
        if self.out is not None and not self.figures:
            raise UsageError("--out says where --figures go: add --figures, or leave it out")
        if self.everything and not self.terminal:
            raise UsageError("--all lists every attribute with --terminal: add that; a page has them all")
        if self.figures and several and self.out is None:
            raise UsageError("the figure of several runs belongs to none of them: say with --out DIR where it goes")


_TARGET: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="LABEL",
        help="Of which search: the class that it explained (default: the last one's).",
        rich_help_panel=_SHOW,
    ),
]


@takes("target", "run", CONFIG, "device", "trust_run", "verify_files", target=_TARGET)
def report(wanted: _Wanted, page: Page, given: Given, *, dry_run: DryRun = False, output: Output) -> None:
    """Write the ranking as a self-contained HTML page with before/after pictures, a figure, CSV and JSON."""
    run, runs = given.flags["run"], wanted.runs
    wanted.check(run, page.heatmap)
    if wanted.table is not None or (wanted.figures and runs and len(runs) > 1):
        _publish(output, runs or [given.run()], wanted, given.flags["target"])
        return
    settings = _settings(given, runs[0] if runs else run)
    if wanted.figures:
        _publish(output, [settings.run], wanted, given.flags["target"])
    elif wanted.terminal:
        _show(output, settings, everything=wanted.everything)
    else:
        _write(output, settings, page, dry_run=dry_run)


def _settings(given: Given, run: Path | None) -> Settings:
    """Of a run directory, or of the folder of a kept result in it."""
    from diffex_cli.artifacts.results import home_of
    from diffex_cli.artifacts.run import RunDirectory
    from diffex_cli.core.settings import SEARCH_ORIGIN

    home = None if run is None else home_of(run)
    if home is None:
        return given.settings(run=run)
    search = RunDirectory(home, run).search()
    settings = given.settings(run=home)
    origins = {**settings.origins, "target": SEARCH_ORIGIN, "classifier": SEARCH_ORIGIN}
    return dataclasses.replace(settings, target=search.target, classifier=search.classifier.spec, origins=origins)


def _write(output: Output, settings: Settings, page: Page, *, dry_run: bool) -> None:
    from diffex_cli.report import report as stage

    page.check()
    if dry_run:
        print_plan(output, stage.plan(settings))
        return
    summary = written(output, settings, page)
    output.result(summary, told(summary, settings), quiet=str(summary.html))


def written(output: Output, settings: Settings, page: Page) -> Report:
    """Run the stage."""
    from diffex_cli.report import report as stage

    kind, max_size = page.check(), round(page.max_size * 1e6)
    return run_stage(output, lambda progress: stage.run(settings, progress, max_size, kind, page.max_pixels))


def told(summary: Report, settings: Settings) -> str:
    """What the stage did, in a sentence or two."""
    from diffex_cli.artifacts.results import listed, results

    what = f"report on {summary.candidates} attributes, {summary.size / 1e6:.1f} MB"
    text = f"Nothing to do: the {what} is there" if summary.up_to_date else f"The {what}"
    text += f": {summary.html}"
    there = {one.folder: one for one in results(settings.run)}
    shown = there.pop(summary.html.parent.parent, None)
    if there:
        text += f"\nOther results, for --target: {listed(list(there.values()), shown.classifier if shown else None)}"
    return text


def _publish(output: Output, runs: list[Path], wanted: _Wanted, target: str | None) -> None:
    from diffex_cli.report.finished import read_finished
    from diffex_cli.report.publication import figures as drawings

    if wanted.table is not None:
        text = drawings.table(runs, wanted.table, target=target)
        output.result({"runs": runs, "format": wanted.table, "table": text}, text.rstrip("\n"), quiet=text.rstrip("\n"))
        return
    folder = wanted.out or read_finished(runs[0], target=target).result / _FIGURES
    several = len(runs) > 1
    files = drawings.draw_top(runs, folder, target) if several else drawings.draw_figures(runs[0], folder, target)
    names = "\n".join(map(str, files))
    output.result({"runs": runs, "files": files}, names, quiet=names)


def _show(output: Output, settings: Settings, *, everything: bool) -> None:
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
                "could_matter": [plain(text) for text in filter(None, [sentences.could_matter(data)])],
                "small": [plain(text) for text in sentences.small(data)],
                "not_tested": [plain(text) for text in sentences.not_tested(data)],
                "attributes": ranked(data.rows),
                "warnings": [*data.warnings, *sentences.cautions(data)],
            },
            "",
            quiet=headline,
        )
        return
    screen = console()
    show(data, screen, pictures=can_show_pictures(screen), everything=everything)
