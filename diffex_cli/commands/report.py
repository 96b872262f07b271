"""``diffex report``: the explanation as a page, a figure and a table."""

from __future__ import annotations

import dataclasses
import os

from diffex_cli.commands import options
from diffex_cli.commands.output import Output
from diffex_cli.commands.running import print_plan, run_stage
from diffex_cli.configuration import resolve


def report(
    run: options.Run = None,
    config: options.Config = None,
    dry_run: options.DryRun = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Write the ranking as a self-contained HTML page with before/after pictures, a figure and a CSV."""
    output = Output(json=json, quiet=quiet)
    settings = resolve({"run": run}, os.environ, config)
    from diffex_cli.stages import report as stage

    if dry_run:
        print_plan(output, stage.plan(settings))
        return
    summary = run_stage(output, lambda progress: stage.run(settings, progress))
    html = str(summary.html)
    output.result(dataclasses.asdict(summary), f"The report on {summary.candidates} attributes: {html}", quiet=html)
