"""``diffex search``: which attributes matter."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from diffex_cli.commands import options
from diffex_cli.commands.output import Output
from diffex_cli.commands.ranking import print_ranking
from diffex_cli.commands.running import print_plan, run_stage
from diffex_cli.configuration import resolve


def search(
    classifier: options.Classifier = None,
    target: options.Target = None,
    editor: options.Editor = None,
    beam: options.Beam = None,
    delta: options.Delta = None,
    algorithm: options.SearchAlgorithm = None,
    max_depth: options.MaxDepth = None,
    run: options.Run = None,
    config: options.Config = None,
    seed: options.Seed = None,
    device: options.Device = None,
    perceptual: options.Perceptual = None,
    no_fill: Annotated[
        bool,
        typer.Option(
            "--no-fill",
            help="Touch no model: write what is missing to requests.parquet and exit with 3.",
            rich_help_panel=options.WORK,
        ),
    ] = False,
    dry_run: options.DryRun = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Find the attributes that influence the classifier most, coarse to fine, and rank them.

    Makes the edits and scores that it lacks. An interrupted search goes on where it stopped.
    """
    output = Output(json=json, quiet=quiet)
    settings = resolve(
        {
            "run": run,
            "classifier": classifier,
            "target": target,
            "editor": editor,
            "beam": beam,
            "delta": delta,
            "algorithm": algorithm,
            "max_depth": max_depth,
            "seed": seed,
            "device": device,
            "perceptual": perceptual,
        },
        os.environ,
        config,
        required=("classifier", "editor"),
    )
    from diffex_cli.stages import search as stage

    if dry_run:
        print_plan(output, stage.plan(settings))
        return
    print_ranking(output, settings, run_stage(output, lambda progress: stage.run(settings, progress, fill=not no_fill)))
