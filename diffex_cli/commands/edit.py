"""``diffex edit``: counterfactual images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from diffex_cli.commands.options import CONFIG, DryRun, Given, ShardOption, takes
from diffex_cli.commands.output import Output
from diffex_cli.commands.running import failures, print_plan, run_stage
from diffex_cli.core.settings import REGION, WORK

if TYPE_CHECKING:
    from diffex_cli.measure.edit import EditSummary


@takes("editor", *REGION, "run", CONFIG, "seed", "device", "perceptual", "trust_run", "verify_files")
def edit(
    given: Given,
    *,
    requests: Annotated[
        bool,
        typer.Option(
            "--requests", help="Make the edits that `diffex search --no-fill` asked for.", rich_help_panel=WORK
        ),
    ] = False,
    shard: ShardOption = None,
    dry_run: DryRun = False,
    output: Output,
) -> None:
    """Apply every attribute of the root level to every image; edits that exist are not made again.

    Optional: `diffex search` makes the edits that it lacks.
    """
    settings = given.settings("editor")
    from diffex_cli.measure import edit as stage
    from diffex_cli.measure.sharding import parse_shard

    part = None if shard is None else parse_shard(shard)
    if dry_run:
        print_plan(output, stage.plan(settings, requests=requests, shard=part))
        return
    summary = run_stage(output, lambda progress: stage.run(settings, progress, requests=requests, shard=part))
    if summary.made == 0:
        text = f"Nothing to do: all {summary.needed} edits are there."
    else:
        text = (
            f"{summary.made} edits made ({summary.no_ops} changed nothing, {summary.failed} failed), "
            f"{summary.cached} of {summary.needed} were there."
        )
        text = "\n".join([text, *_change(summary)])
        if summary.failed:
            text += f"\n{failures(summary.failed, summary.made, summary.failure)}"
    output.result(summary, text, quiet=str(summary.made))


def _change(summary: EditSummary) -> list[str]:
    """How far the edits went, in a sentence; none if nothing was edited."""
    if summary.changed is None:
        return []
    parts = [f"{_percent(summary.changed)} of the pixels changed"]
    if summary.change_inside is not None:
        parts.append(f"by {_percent(summary.change_inside)} inside the mask")
    if summary.change_outside is not None:
        parts.append(f"by {_percent(summary.change_outside)} outside of it")
    if summary.perceptual is not None:
        parts.append(f"perceptual distance {summary.perceptual:.2g}")
    return [f"On average: {', '.join(parts)}."]


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
