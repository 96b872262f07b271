"""The stage ``score``: original and edited images in, logits of every class out."""

from __future__ import annotations

import dataclasses

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import Settings
from diffex_cli.measure import plan as plans
from diffex_cli.measure.recording import record
from diffex_cli.measure.scoring import check_kept_labels, make_scores, unscored
from diffex_cli.measure.session import Session, locked_session, planned_session
from diffex_cli.measure.unusable import unusable


@dataclasses.dataclass(frozen=True, slots=True)
class ScoreSummary:
    """What the stage did."""

    needed: int
    cached: int
    scored: int
    warnings: tuple[str, ...]


def run(settings: Settings, progress: Progress) -> ScoreSummary:
    """Score what is not scored: the input images, and their edits by this editor, and the one that screens for it,
    with this seed.
    """
    with locked_session("score", settings) as session:
        return score_all(session, progress)


def score_all(session: Session, progress: Progress) -> ScoreSummary:
    """:func:`run` on a session that is locked."""
    needed = _needed(session)
    session.check("scores")  # before anything is remembered
    if getattr(session.classifier.own, "names_may_change", False):
        check_kept_labels(session)
    record(session.run, "score", session.stage_settings)
    scored = sum(make_scores(one, unscored(one, _edits(one)), progress, "score") for one in session.benches)
    session.run.score_parts.merge(provenance("score", {}))
    edits = [(row.edit, row.candidate, row.image) for one in session.benches for row in _edits(one)]
    warnings = (*session.run.warnings, *unusable(session.scores, session.images, edits))
    return ScoreSummary(needed, needed - scored, scored, warnings)


def plan(settings: Settings) -> plans.Plan:
    """What :func:`run` would do."""
    session = planned_session("score", settings)
    return plans.count("score", "images", _needed(session), _missing(session))


def _edits(session: Session) -> list[EditRow]:
    seed = session.settings.seed
    return [row for row in session.edits.values() if row.seed == seed and row.image in session.images]


def _needed(session: Session) -> int:
    edits = {row.edit for one in session.benches for row in _edits(one) if row.status != "failed"}
    return len(session.images) + len(edits)


def _missing(session: Session) -> int:
    return len({subject.key for one in session.benches for subject in unscored(one, _edits(one))})
