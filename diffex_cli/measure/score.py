"""The stage ``score``: original and edited images in, logits of every class out."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import Settings
from diffex_cli.measure import plan as plans
from diffex_cli.measure.recording import record
from diffex_cli.measure.scoring import check_kept_labels, make_scores, unscored
from diffex_cli.measure.session import Session, locked_session, planned_session
from diffex_cli.measure.sharding import Shard, share
from diffex_cli.measure.unusable import unusable


@dataclasses.dataclass(frozen=True, slots=True)
class ScoreSummary:
    """What the stage did."""

    needed: int
    cached: int
    scored: int
    warnings: tuple[str, ...]


def run(settings: Settings, progress: Progress, shard: Shard | None = None) -> ScoreSummary:
    """Score what is not scored: the input images, and their edits by this editor, and the one that screens for it,
    with this seed.

    Args:
        shard: score its images alone, and their edits.
    """
    with locked_session("score", settings, shard=shard) as session:
        return score_all(session, progress, shard)


def score_all(session: Session, progress: Progress, shard: Shard | None = None) -> ScoreSummary:
    """:func:`run` on a session that is locked."""
    own = share(tuple(session.images), shard)
    needed = _needed(session, own)
    session.check("scores")  # before anything is remembered
    if getattr(session.classifier.own, "names_may_change", False):
        check_kept_labels(session)
    record(session.run, "score", session.stage_settings)
    scored = sum(make_scores(one, unscored(one, _edits(one, own), own), progress, "score") for one in session.benches)
    if shard is None:
        session.run.score_parts.merge(provenance("score", {}))
    images = {key: image for key, image in session.images.items() if key in own}
    edits = [(row.edit, row.candidate, row.image) for one in session.benches for row in _edits(one, own)]
    warnings = (*session.run.warnings, *unusable(session.scores, images, edits))
    return ScoreSummary(needed, needed - scored, scored, warnings)


def plan(settings: Settings, shard: Shard | None = None) -> plans.Plan:
    """What :func:`run` would do."""
    session = planned_session("score", settings)
    own = share(tuple(session.images), shard)
    return plans.count("score", "images", _needed(session, own), _missing(session, own))


def _edits(session: Session, images: Collection[str]) -> list[EditRow]:
    seed = session.settings.seed
    return [row for row in session.edits.values() if row.seed == seed and row.image in images]


def _needed(session: Session, images: Collection[str]) -> int:
    edits = {row.edit for one in session.benches for row in _edits(one, images) if row.status != "failed"}
    return len(images) + len(edits)


def _missing(session: Session, images: Collection[str]) -> int:
    return len({subject.key for one in session.benches for subject in unscored(one, _edits(one, images), images)})
