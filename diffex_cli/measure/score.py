"""The stage ``score``: original and edited images in, logits of every class out."""

from __future__ import annotations

import dataclasses

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import Settings
from diffex_cli.measure import plan as plans
from diffex_cli.measure.scoring import make_scores, unscored
from diffex_cli.measure.session import Bench, locked_bench, record


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
    """Score what is not scored: the input images, and their edits by this editor, and the one that screens for it,
    with this seed.

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
    needed = _needed(bench)
    _ = _missing(bench)  # complain before anything is remembered
    record(bench.run, "score", bench.stage_settings)
    scored = sum(make_scores(one, unscored(one, _edits(one)), progress, "score") for one in _benches(bench))
    bench.run.score_parts.merge(provenance("score", {}))
    return ScoreSummary(needed, needed - scored, scored, bench.run.warnings)


def plan(settings: Settings) -> plans.Plan:
    """What :func:`run` would do."""
    bench = Bench(settings)
    return plans.count("score", "images", _needed(bench), _missing(bench))


def _benches(bench: Bench) -> list[Bench]:
    """The editor's and the screening editor's."""
    return [bench] if bench.screening is None else [bench, bench.screening]


def _edits(bench: Bench) -> list[EditRow]:
    seed = bench.settings.seed
    return [row for row in bench.edits.values() if row.seed == seed and row.image in bench.images]


def _needed(bench: Bench) -> int:
    edits = {row.edit for one in _benches(bench) for row in _edits(one) if row.status != "failed"}
    return len(bench.images) + len(edits)


def _missing(bench: Bench) -> int:
    return len({subject.key for one in _benches(bench) for subject in unscored(one, _edits(one))})
