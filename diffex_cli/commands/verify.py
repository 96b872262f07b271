"""``diffex verify``: what the pictures show."""

from __future__ import annotations

from diffex_cli.commands.options import CONFIG, DryRun, Given, takes
from diffex_cli.commands.output import Output
from diffex_cli.commands.running import print_plan, run_stage
from diffex_cli.core.settings import REGION


@takes("verifier", "editor", *REGION, "run", CONFIG, "seed", "device", "trust_run", "verify_files")
def verify(given: Given, *, dry_run: DryRun = False, output: Output) -> None:
    """Read what originals and edits show: for each attribute the probability that it is seen.

    Optional: `diffex search` has a verifier look at what it needs.
    """
    settings = given.settings("editor")
    from diffex_cli.measure import verify as stage

    if dry_run:
        print_plan(output, stage.plan(settings))
        return
    summary = run_stage(output, lambda progress: stage.run(settings, progress))
    if summary.read == 0:
        text = f"Nothing to do: all {summary.needed} pictures are read."
    else:
        text = f"{summary.read} pictures read, {summary.cached} of {summary.needed} were read before."
    output.result(summary, text, quiet=str(summary.read))
