"""``diffex corpus``: the hierarchy of attributes and the input images; below it, tools for hierarchies."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from diffex_cli.commands import completion, corpus_tools
from diffex_cli.commands.help import App
from diffex_cli.commands.options import CONFIG, DryRun, Given, listed, takes
from diffex_cli.commands.output import Output
from diffex_cli.commands.running import estimate_text, print_plan, run_stage, spending_text
from diffex_cli.core.errors import UsageError
from diffex_cli.core.settings import ASK, INPUT, WORK, Settings

if TYPE_CHECKING:
    from diffex_cli.corpus.corpus import CorpusSummary

app = App()

SETTINGS = (
    *("domain", "provider", "corpus_file", "merge", "images", "n_images"),
    *listed(ASK),
    *("run", CONFIG, "seed", "trust_run"),
)

Providers: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--provider",
        metavar="SPEC",
        help="Where the hierarchy of attributes comes from: bundled, file:FILE, anthropic[:MODEL], openai:MODEL, "
        "transformers:FOLDER-OR-HUB-ID (default: bundled). Given several times: all of them, merged.",
        autocompletion=completion.providers,
        rich_help_panel=INPUT,
    ),
]


Force: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Replace another domain's hierarchy, or what a finished search was made of.",
        rich_help_panel=WORK,
    ),
]


@app.callback(invoke_without_command=True)
@takes(*SETTINGS, provider=Providers)
def corpus(
    context: typer.Context,
    given: Given,
    *,
    force: Force = False,
    dry_run: DryRun = False,
    output: Output,
) -> None:
    """Get a domain's hierarchy of attributes, and choose the input images."""
    if context.invoked_subcommand is not None:
        if any(value not in (None, False, [], ()) for value in context.params.values()):
            raise UsageError(
                f"options come after the command's name: diffex corpus {context.invoked_subcommand} [OPTIONS]"
            )
        return
    settings = resolved(given)
    from diffex_cli.corpus import corpus as stage

    if dry_run:
        plan, estimate = stage.plan(settings, force), stage.estimate(settings)
        print_plan(output, plan, {"questions": estimate}, estimate_text(estimate))
        return
    summary = made(output, settings, force=force)
    output.result(
        {**dataclasses.asdict(summary), "run": settings.run}, told(summary, settings), quiet=str(settings.run)
    )


def resolved(given: Given, *required: str) -> Settings:
    """The settings, where there may be several providers; the domain and the ``required`` have a value."""
    flags = given.flags
    providers, merge = flags["provider"] or [], flags["merge"] or []
    # who names providers anew does not mean to keep what an earlier command merged
    anew = providers or merge or flags["corpus_file"]
    return given.settings(
        "domain",
        *required,
        provider=providers[0] if providers else None,
        merge=[*providers[1:], *merge] if anew else None,
    )


def made(output: Output, settings: Settings, *, force: bool) -> CorpusSummary:
    """Run the stage."""
    from diffex_cli.corpus import corpus as stage

    return run_stage(output, lambda progress: stage.run(settings, progress, force=force))


def told(summary: CorpusSummary, settings: Settings) -> str:
    """What the stage did, in a sentence or two."""
    content = f"{summary.attributes} attributes on {summary.levels} levels, {summary.images} images"
    if summary.up_to_date:
        text = f"Nothing to do: {settings.run} has the domain {summary.domain} with {content}."
    else:
        text = f"The domain {summary.domain} with {content} is in {settings.run}."
    if summary.spending is not None:
        text += f"\n{spending_text(summary.spending)}"
    return text


for _command in (corpus_tools.show, corpus_tools.edit, corpus_tools.validate, corpus_tools.grow):
    app.command()(_command)
