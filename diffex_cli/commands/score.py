"""``diffex score``: the classifier's logits."""

from __future__ import annotations

import dataclasses
import os

from diffex_cli.commands import options
from diffex_cli.commands.output import Output
from diffex_cli.commands.running import print_plan, run_stage
from diffex_cli.core.configuration import resolve


def score(
    classifier: options.Classifier = None,
    editor: options.Editor = None,
    run: options.Run = None,
    config: options.Config = None,
    seed: options.Seed = None,
    device: options.Device = None,
    dry_run: options.DryRun = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Score the originals and all edits that the classifier has not seen yet.

    Optional: `diffex search` scores what it lacks. All classes are kept, so that any of them can be
    explained without another edit.
    """
    output = Output(json=json, quiet=quiet)
    settings = resolve(
        {"run": run, "classifier": classifier, "editor": editor, "seed": seed, "device": device},
        os.environ,
        config,
        required=("classifier", "editor"),
    )
    from diffex_cli.measure import score as stage

    if dry_run:
        print_plan(output, stage.plan(settings))
        return
    summary = run_stage(output, lambda progress: stage.run(settings, progress))
    if summary.scored == 0:
        text = f"Nothing to do: all {summary.needed} pictures are scored."
    else:
        text = f"{summary.scored} pictures scored, {summary.cached} of {summary.needed} were scored before."
    output.result(dataclasses.asdict(summary), text, quiet=str(summary.scored))
