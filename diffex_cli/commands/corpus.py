"""``diffex corpus``: the hierarchy of attributes and the input images; below it, tools for hierarchies."""

from __future__ import annotations

import dataclasses
import os

import typer

from diffex_cli.commands import corpus_tools, options
from diffex_cli.commands.errors import guarded
from diffex_cli.commands.output import Output
from diffex_cli.commands.running import estimate_text, print_plan, run_stage, spending_text
from diffex_cli.core.configuration import resolve
from diffex_cli.core.errors import UsageError

app = typer.Typer()


@app.callback(invoke_without_command=True)
@guarded
def corpus(
    context: typer.Context,
    domain: options.Domain = None,
    provider: options.Providers = None,
    corpus_file: options.CorpusFile = None,
    merge: options.Merge = None,
    images: options.Images = None,
    n_images: options.NImages = None,
    base_url: options.BaseUrl = None,
    depth: options.Depth = None,
    breadth: options.Breadth = None,
    runs: options.Runs = None,
    knowledge: options.Knowledge = None,
    max_cost: options.MaxCost = None,
    parallel: options.Parallel = None,
    run: options.Run = None,
    config: options.Config = None,
    seed: options.Seed = None,
    dry_run: options.DryRun = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Get a domain's hierarchy of attributes, and choose the input images."""
    if context.invoked_subcommand is not None:
        if any(value not in (None, False, [], ()) for value in context.params.values()):
            raise UsageError(
                f"options come after the command's name: diffex corpus {context.invoked_subcommand} [OPTIONS]"
            )
        return
    output = Output(json=json, quiet=quiet)
    settings = resolve(
        {
            "run": run,
            "domain": domain,
            "provider": provider[0] if provider else None,
            "corpus_file": corpus_file,
            # who names providers anew does not mean to keep what an earlier command merged
            "merge": [*(provider or [])[1:], *(merge or [])] if provider or merge or corpus_file else None,
            "images": images,
            "n_images": n_images,
            "base_url": base_url,
            "depth": depth,
            "breadth": breadth,
            "runs": runs,
            "knowledge": knowledge,
            "max_cost": max_cost,
            "parallel": parallel,
            "seed": seed,
        },
        os.environ,
        config,
    )
    from diffex_cli.corpus import corpus as stage

    if dry_run:
        plan, estimate = stage.plan(settings), stage.estimate(settings)
        print_plan(output, plan, {"questions": estimate and dataclasses.asdict(estimate)}, estimate_text(estimate))
        return
    summary = run_stage(output, lambda progress: stage.run(settings, progress))
    content = f"{summary.attributes} attributes on {summary.levels} levels, {summary.images} images"
    if summary.up_to_date:
        text = f"Nothing to do: {settings.run} has the domain {summary.domain} with {content}."
    else:
        text = f"The domain {summary.domain} with {content} is in {settings.run}."
    if summary.spending is not None:
        text += f"\n{spending_text(summary.spending)}"
    output.result({**dataclasses.asdict(summary), "run": settings.run}, text, quiet=str(settings.run))


for _command in (corpus_tools.show, corpus_tools.edit, corpus_tools.validate, corpus_tools.grow):
    app.command()(guarded(_command))
