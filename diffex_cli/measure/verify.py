"""The stage ``verify``: original and edited images in, the probability that each attribute is seen out."""

from __future__ import annotations

import dataclasses

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.core.errors import UsageError
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import Settings
from diffex_cli.measure import plan as plans
from diffex_cli.measure.recording import record
from diffex_cli.measure.session import Session, locked_session, planned_session
from diffex_cli.measure.verifying import attributes_of, make_readings, missing_readings


@dataclasses.dataclass(frozen=True, slots=True)
class VerifySummary:
    """What the stage did, in pictures."""

    needed: int
    cached: int
    read: int
    warnings: tuple[str, ...]


def run(settings: Settings, progress: Progress) -> VerifySummary:
    """Have the verifier read what it has not read yet: the input images, and their edits by this editor with this seed,
    reconstructions included."""
    with locked_session("verify", settings) as session:
        wanted = _wanted(session)
        record(session.run, "verify", session.stage_settings)
        read = make_readings(session, wanted, progress, "verify")
        session.run.seen_parts.merge(provenance("verify", {}))
        return VerifySummary(len(wanted), len(wanted) - read, read, session.run.warnings)


def plan(settings: Settings) -> plans.Plan:
    """What :func:`run` would do."""
    session = planned_session("verify", settings)
    wanted = _wanted(session)
    return plans.count("verify", "images", len(wanted), len(missing_readings(session, wanted)))


def _wanted(session: Session) -> dict[str, set[str]]:
    """Subject → attributes. A verifier that costs is asked about what an edit was to change, and its siblings."""
    verifier = session.verifier
    if verifier is None:
        raise UsageError("no verifier is named: give --verifier, such as birds:probe or python:MODULE:CALLABLE")
    attributes = {one.id: one for one in attributes_of(session.searched)}
    wanted = {image: set(attributes) for image in session.images}
    for row in session.edits.values():
        if row.seed != session.settings.seed or row.image not in session.images or row.status == "failed":
            continue
        asked = [attributes[id] for part in row.candidate.split(" + ") if (id := part.removeprefix("-")) in attributes]
        own = {id for one in asked for id in (one.id, *one.siblings)}
        wanted[row.edit] = own if verifier.costs else set(attributes)
    return {subject: ids for subject, ids in wanted.items() if ids}
