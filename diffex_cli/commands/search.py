"""``diffex search``: which attributes matter."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from diffex_cli.commands import options
from diffex_cli.commands.output import Output
from diffex_cli.commands.ranking import print_ranking
from diffex_cli.commands.running import print_plan, run_stage
from diffex_cli.core.configuration import resolve
from diffex_cli.core.settings import Settings


def search(
    classifier: options.Classifier = None,
    target: options.Target = None,
    editor: options.Editor = None,
    beam: options.Beam = None,
    delta: options.Delta = None,
    algorithm: options.SearchAlgorithm = None,
    max_depth: options.MaxDepth = None,
    scale: options.Scale = None,
    accept: options.Accept = None,
    direction: options.Direction = None,
    joint: options.Joint = None,
    holdout: options.Holdout = None,
    racing: options.Racing = None,
    max_edits: options.MaxEdits = None,
    screen: options.Screen = None,
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
    explain: Annotated[
        str | None,
        typer.Option(
            "--explain",
            metavar="NODE",
            help="Only say why an attribute is where it is in the last search: its id or its name.",
            rich_help_panel=options.WORK,
        ),
    ] = None,
    dry_run: options.DryRun = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Find the attributes that influence the classifier most, coarse to fine, and rank them.

    Makes the edits and scores that it lacks. An interrupted search goes on where it stopped. Effects come with their
    uncertainty: "passed" is what stands out from noise, corrected for all that was tried.
    """
    output = Output(json=json, quiet=quiet)
    if explain is not None:
        _explain(output, resolve({"run": run}, os.environ, config), explain)
        return
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
            "scale": scale,
            "accept": accept,
            "direction": direction,
            "joint": joint,
            "holdout": holdout,
            "racing": racing,
            "max_edits": max_edits,
            "screen": screen,
            "seed": seed,
            "device": device,
            "perceptual": perceptual,
        },
        os.environ,
        config,
        required=("classifier", "editor"),
    )
    from diffex_cli.stages import search as stage

    stage.check(settings, fill=not no_fill)
    if dry_run:
        print_plan(output, stage.plan(settings))
        return
    summary = run_stage(output, lambda progress: stage.run(settings, progress, fill=not no_fill))
    print_ranking(output, settings, summary)
    if summary.screening is not None:
        output.say(summary.screening.sentence)


def _explain(output: Output, settings: Settings, node: str) -> None:
    from diffex_cli.stages.explaining import explain

    explanation = explain(settings.run, node)
    output.result({"candidate": explanation.candidate, "text": explanation.text}, explanation.text, explanation.text)
