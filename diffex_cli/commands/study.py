"""``diffex study``: the paper's user studies, from a page for participants to the paper's tables."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from diffex_cli.commands import completion
from diffex_cli.commands.help import App
from diffex_cli.commands.options import DryRun, Given, takes
from diffex_cli.commands.output import Output
from diffex_cli.commands.running import print_estimate, run_stage, spending_text
from diffex_cli.core.columns import Column
from diffex_cli.core.errors import UsageError
from diffex_cli.core.settings import ASK

if TYPE_CHECKING:
    from diffex_cli.study.analysis import Findings, Group

app = App(help="User studies: make a page, have it answered, analyse the answers.", no_args_is_help=True)

_STUDY = "What study"

_Raters = Annotated[
    list[str] | None,
    typer.Option(
        "--rater",
        metavar="PROVIDER",
        help="Language model that answers: anthropic[:MODEL], openai:MODEL, transformers:FOLDER-OR-HUB-ID; may be "
        "repeated.",
        autocompletion=completion.providers,
        rich_help_panel=ASK,
    ),
]


@dataclasses.dataclass(frozen=True, slots=True)
class _Wanted:
    """What study is wanted."""

    kind: Annotated[
        Literal["quality", "identify", "joint"],
        typer.Option(
            "--kind",
            metavar="KIND",
            help="quality: edit quality and disentanglement from 1 to 5; identify: which of four attributes explains "
            "the edit, by its words, alone, or by a heat map; joint: disentanglement of several attributes at once.",
            rich_help_panel=_STUDY,
        ),
    ]
    attributes: Annotated[
        int,
        typer.Option(
            "--attributes",
            min=1,
            metavar="N",
            help="The most attributes to ask about; for joint, for each number of attributes at once.",
            rich_help_panel=_STUDY,
        ),
    ] = 10
    per_attribute: Annotated[
        int,
        typer.Option(
            "--per-attribute",
            min=1,
            metavar="N",
            help="Images per attribute; for identify, per way of explaining.",
            rich_help_panel=_STUDY,
        ),
    ] = 1
    heatmap: Annotated[
        Literal["gradcam", "occlusion", "none"] | None,
        typer.Option(
            "--heatmap",
            metavar="KIND",
            help="What identify compares with: gradcam, occlusion or none (default: gradcam).",
            rich_help_panel=_STUDY,
        ),
    ] = None
    heatmaps: Annotated[
        Path | None,
        typer.Option(
            "--heatmaps",
            metavar="DIR",
            help="Heat maps of your own: for each edit a grey picture, white where it is hot, named after the first 16 "
            "digits of its key.",
            rich_help_panel=_STUDY,
        ),
    ] = None
    max_pixels: Annotated[
        int,
        typer.Option(
            "--max-pixels",
            min=64,
            metavar="N",
            help="Longer side at which a picture is stored, to be enlarged by participants.",
            rich_help_panel=_STUDY,
        ),
    ] = 512
    seed: Annotated[
        int,
        typer.Option("--seed", min=0, metavar="N", help="Fixes all randomness.", rich_help_panel=_STUDY),
    ] = 0
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Folder to write to (default: study/KIND in the run).", rich_help_panel=_STUDY
        ),
    ] = None

    def heatmaps_to_make(self) -> Literal["gradcam", "occlusion"] | None:
        """The kind of heat map to compare with, unless the study has no need of one or is given a folder of them."""
        if self.heatmap is not None and self.kind != "identify":
            raise UsageError(f"--heatmap goes with --kind identify, not with {self.kind}: leave it out")
        if self.heatmap is not None and self.heatmaps is not None:
            raise UsageError("--heatmap and --heatmaps exclude each other: give only one of them")
        if self.heatmap == "none" or self.heatmaps is not None or self.kind != "identify":
            return None
        return self.heatmap or "gradcam"


@app.command("make")
@takes("run", "device", "trust_run")
def make(wanted: _Wanted, given: Given, output: Output) -> None:
    """Write a self-contained page with randomised, blinded items of a finished run, and the key to it."""
    to_make = wanted.heatmaps_to_make()
    settings = given.settings()
    from diffex_cli.artifacts.consent import Consent
    from diffex_cli.study import make as stage

    study = stage.StudyOptions(
        **(dataclasses.asdict(wanted) | {"heatmap": to_make}),
        device=settings.device,
        consent=Consent.of(settings),
    )
    summary = run_stage(output, lambda progress: stage.make(settings.run, study, progress))
    text = (
        f"The study {summary.study}, {summary.per_participant} of {summary.items} items for each participant "
        f"({summary.size / 1e6:.1f} MB): {summary.page}\n"
        f"Give participants this page only; {summary.key} holds the answers."
    )
    output.result(summary, text, quiet=str(summary.page))


@app.command("answer")
@takes("base_url", "max_cost", "parallel", "trust_run")
def answer(
    page: Annotated[Path, typer.Argument(metavar="PAGE", help="The study's page.html.")],
    *,
    rater: _Raters = None,
    given: Given,
    dry_run: DryRun = False,
    output: Output,
) -> None:
    """Let language models answer a study's page, each into a file that is marked as such.

    A model is told what a participant reads, and nothing else. Answers are kept, so that the same command
    continues where it stopped.
    """
    if not rater:
        raise UsageError("nothing says which language model is to answer: give --rater anthropic or another provider")
    settings = given.settings(run=page.parent, provider=rater[0])
    from diffex_cli.artifacts.consent import Consent
    from diffex_cli.study import answer as stage

    if settings.base_url is not None:
        Consent.of(settings).check("base_url", settings.base_url)
    if dry_run:
        print_estimate(output, stage.estimate(page, rater, settings.base_url))
        return
    summary = run_stage(
        output,
        lambda progress: stage.answer(
            page,
            rater,
            progress,
            base_url=settings.base_url,
            max_cost=settings.max_cost,
            parallel=settings.parallel,
        ),
    )
    files = "\n".join(map(str, summary.files))
    output.result(summary, f"{spending_text(summary.spending)}\n{files}", quiet=files)


@app.command("analyse")
@takes("run")
def analyse(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES", help="Answers, as the page or `diffex study answer` saved them.")
    ],
    *,
    study: Annotated[
        list[Path] | None,
        typer.Option(
            "--study",
            metavar="FILE",
            help="The study.json of the answers, where it is neither beside them nor in the run; may be repeated.",
        ),
    ] = None,
    table: Annotated[
        Literal["markdown", "latex", "csv"] | None,
        typer.Option(
            "--table",
            metavar="FORMAT",
            help="Print the paper's tables, and nothing else: markdown, latex or csv.",
        ),
    ] = None,
    given: Given,
    output: Output,
) -> None:
    """Sum up the answers: means with 95 % intervals, the raters' agreement, and the paper's tables.

    People and language models are kept apart. Reads files only; loads no model.
    """
    run = given.run()
    from diffex_cli.study.analyse import read_and_analyse
    from diffex_cli.study.tables import paper_tables, rendered

    summary = read_and_analyse(files, study or [], run)
    output.warnings(summary.warnings)
    tables = paper_tables(summary.findings)
    if output.json or output.quiet:
        data = {"findings": summary.findings, "tables": tables, "warnings": summary.warnings}
        output.result(data, "", quiet="\n".join(line for one in summary.findings for line in _quiet(one)))
    elif table is not None:
        output.say("\n\n".join(rendered(one, table) for one in tables))
    else:
        for one in tables:
            columns = [Column(name, right=place > 0) for place, name in enumerate(one.header)]
            output.table({}, columns, one.rows, title=one.title)
        for found in summary.findings:
            for group in found.groups:
                output.say(_sentences(found, group))


def _quiet(found: Findings) -> list[str]:
    return [
        "\t".join(
            [
                *(found.study, group.rater, one.query, one.part, one.attribute),
                *(f"{value:.6g}" for value in (one.mean, one.low, one.high)),
                str(one.raters),
            ]
        )
        for group in found.groups
        for one in group.figures
    ]


def _sentences(found: Findings, group: Group) -> str:
    from diffex_cli.report.numbers import MISSING, finite, interval, signed
    from diffex_cli.study.analysis import part_title
    from diffex_cli.study.tables import who

    agreed = []
    for one in group.agreement:
        alpha = f"{one.alpha:.3f}".replace("-", "−") if finite(one.alpha) else MISSING
        agreed.append(f"{one.query} {alpha} ({one.level})")
    lines = [f"{found.kind} {found.study}, {who(group)}: Krippendorff's α {', '.join(agreed)}."]
    if group.incomplete:
        lines.append(f"  {group.incomplete} did not answer everything.")
    for gap in group.differences:
        if finite(gap.mean):
            names = (part_title(found.kind, part, found.heat) for part in (gap.part, gap.other))
            ends = interval(gap.low, gap.high)
            lines.append(f"  {' minus '.join(names)}: {signed(gap.mean)} ({ends}), {gap.raters} raters.")
    return "\n".join(lines)
