"""The stage ``score``: original and edited images in, logits of every class out."""

from __future__ import annotations

import dataclasses

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.settings import Settings
from diffex_cli.stages import plan as plans
from diffex_cli.stages.bench import Bench, locked_bench
from diffex_cli.stages.progress import Progress
from diffex_cli.stages.record import record
from diffex_cli.stages.scoring import make_scores, unscored


@dataclasses.dataclass(frozen=True, slots=True)
class ScoreSummary:
    """What the stage did.

    Attributes:
        needed: how many pictures there are to score.
        cached: how many were scored already.
        scored: how many were scored now.
        warnings: sentences about files that were left out.
    """

    needed: int
    cached: int
    scored: int
    warnings: tuple[str, ...]


def run(settings: Settings, progress: Progress) -> ScoreSummary:
    """Score what is not scored: the input images, and their edits by this editor with this seed.

    Args:
        settings: as resolved.
        progress: hears of the task ``score``.

    Raises:
        IncompleteError: there is no corpus yet.
    """
    with locked_bench("score", settings) as bench:
        return score_all(bench, progress)


def score_all(bench: Bench, progress: Progress) -> ScoreSummary:
    """:func:`run` on a bench that is locked."""
    edits = _edits(bench)
    subjects = unscored(bench, edits)
    record(bench.run, "score", bench.settings)
    scored = make_scores(bench, subjects, progress, "score")
    bench.run.score_parts.merge(provenance("score", {}))
    needed = _needed(bench, edits)
    return ScoreSummary(needed, needed - scored, scored, bench.run.warnings)


def plan(settings: Settings) -> plans.Plan:
    """What :func:`run` would do."""
    bench = Bench(settings)
    edits = _edits(bench)
    return plans.count("score", "images", _needed(bench, edits), len(unscored(bench, edits)))


def _edits(bench: Bench) -> list[EditRow]:
    seed = bench.settings.seed
    return [row for row in bench.edits.values() if row.seed == seed and row.image in bench.images]


def _needed(bench: Bench, edits: list[EditRow]) -> int:
    return len(bench.images) + sum(row.status != "failed" for row in edits)
