"""``diffex corpus``: the hierarchy of attributes and the input images."""

from __future__ import annotations

import dataclasses
import os

from diffex_cli.commands import options
from diffex_cli.commands.output import Output
from diffex_cli.commands.running import print_plan, run_stage
from diffex_cli.configuration import resolve


def corpus(
    domain: options.Domain = None,
    provider: options.Provider = None,
    corpus_file: options.CorpusFile = None,
    images: options.Images = None,
    n_images: options.NImages = None,
    run: options.Run = None,
    config: options.Config = None,
    seed: options.Seed = None,
    dry_run: options.DryRun = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Get a domain's hierarchy of attributes, and choose the input images."""
    output = Output(json=json, quiet=quiet)
    settings = resolve(
        {
            "run": run,
            "domain": domain,
            "provider": provider,
            "corpus_file": corpus_file,
            "images": images,
            "n_images": n_images,
            "seed": seed,
        },
        os.environ,
        config,
    )
    from diffex_cli.stages import corpus as stage

    if dry_run:
        print_plan(output, stage.plan(settings))
        return
    summary = run_stage(output, lambda progress: stage.run(settings, progress))
    content = f"{summary.attributes} attributes on {summary.levels} levels, {summary.images} images"
    if summary.up_to_date:
        text = f"Nothing to do: {settings.run} has the domain {summary.domain} with {content}."
    else:
        text = f"The domain {summary.domain} with {content} is in {settings.run}."
    output.result({**dataclasses.asdict(summary), "run": settings.run}, text, quiet=str(settings.run))
