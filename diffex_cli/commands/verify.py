"""``diffex verify``: what the pictures show."""

from __future__ import annotations

from diffex_cli.commands.options import CONFIG, DryRun, Given, takes
from diffex_cli.commands.output import Output
from diffex_cli.commands.running import print_plan, run_stage


@takes("verifier", "protect", "editor", "run", CONFIG, "seed", "device", "trust_run", "verify_files")
def verify(given: Given, *, dry_run: DryRun = False, output: Output) -> None:
    """Ask a verifier which attributes can be seen in the originals and in all edits.

    Optional: `diffex search` asks for what it lacks. Every reading is kept, so that nothing is asked twice; another
    verifier's readings stay beside it.
    """
    settings = given.settings("editor")
    from diffex_cli.measure import verify as stage

    if dry_run:
        print_plan(output, stage.plan(settings))
        return
    summary = run_stage(output, lambda progress: stage.run(settings, progress))
    if summary.seen == 0:
        text = f"Nothing to do: {settings.verifier} has looked at all {summary.needed} pictures."
    else:
        text = (
            f"{settings.verifier} looked at {summary.seen} pictures for {summary.attributes} attributes, "
            f"{summary.cached} of {summary.needed} were looked at before."
        )
    output.result(summary, text, quiet=str(summary.seen))
