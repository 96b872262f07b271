"""``diffex corpus``: the hierarchy of attributes and the input images; below it, tools for hierarchies."""

from __future__ import annotations

import dataclasses
from typing import Annotated, TypeAlias

import typer

from diffex_cli.commands import completion, corpus_tools
from diffex_cli.commands.help import App
from diffex_cli.commands.options import CONFIG, DryRun, Given, listed, takes
from diffex_cli.commands.output import Output
from diffex_cli.commands.running import estimate_text, print_plan, run_stage, spending_text
from diffex_cli.core.errors import UsageError
from diffex_cli.core.settings import ASK, INPUT, WORK

app = App()

_Providers: TypeAlias = Annotated[
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


@app.callback(invoke_without_command=True)
@takes(
    *("domain", "provider", "corpus_file", "merge", "images", "n_images", *listed(ASK), "run", CONFIG, "seed"),
    provider=_Providers,
)
def corpus(
    context: typer.Context,
    given: Given,
    *,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Replace another domain's hierarchy, or what a finished search was made of.",
            rich_help_panel=WORK,
        ),
    ] = False,
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
    flags = given.flags
    providers, merge = flags["provider"] or [], flags["merge"] or []
    # who names providers anew does not mean to keep what an earlier command merged
    anew = providers or merge or flags["corpus_file"]
    settings = given.settings(
        "domain",
        provider=providers[0] if providers else None,
        merge=[*providers[1:], *merge] if anew else None,
    )
    from diffex_cli.corpus import corpus as stage

    if dry_run:
        plan, estimate = stage.plan(settings, force), stage.estimate(settings)
        print_plan(output, plan, {"questions": estimate}, estimate_text(estimate))
        return
    summary = run_stage(output, lambda progress: stage.run(settings, progress, force=force))
    content = f"{summary.attributes} attributes on {summary.levels} levels, {summary.images} images"
    if summary.up_to_date:
        text = f"Nothing to do: {settings.run} has the domain {summary.domain} with {content}."
    else:
        text = f"The domain {summary.domain} with {content} is in {settings.run}."
    if summary.spending is not None:
        text += f"\n{spending_text(summary.spending)}"
    output.result({**dataclasses.asdict(summary), "run": settings.run}, text, quiet=str(settings.run))


for _command in (corpus_tools.show, corpus_tools.edit, corpus_tools.validate, corpus_tools.grow):
    app.command()(_command)
