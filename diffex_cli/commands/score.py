"""``diffex score``: the classifier's logits."""

from __future__ import annotations

from diffex_cli.commands.options import CONFIG, DryRun, Given, ShardOption, takes
from diffex_cli.commands.output import Output
from diffex_cli.commands.running import print_plan, run_stage
from diffex_cli.core.settings import REGION


@takes("classifier", "editor", *REGION, "run", CONFIG, "seed", "device", "trust_run", "verify_files")
def score(given: Given, *, shard: ShardOption = None, dry_run: DryRun = False, output: Output) -> None:
    """Score the originals and all edits that the classifier has not seen yet.

    Optional: `diffex search` scores what it lacks. All classes are kept, so that any of them can be
    explained without another edit.
    """
    settings = given.settings("classifier", "editor")
    from diffex_cli.measure import score as stage
    from diffex_cli.measure.sharding import parse_shard

    part = None if shard is None else parse_shard(shard)
    if dry_run:
        print_plan(output, stage.plan(settings, shard=part))
        return
    summary = run_stage(output, lambda progress: stage.run(settings, progress, shard=part))
    if summary.scored == 0:
        text = f"Nothing to do: all {summary.needed} pictures are scored."
    else:
        text = f"{summary.scored} pictures scored, {summary.cached} of {summary.needed} were scored before."
    output.result(summary, text, quiet=str(summary.scored))
