"""The stage ``edit``: images and candidates in, edited images out."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import RequestRow
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import Settings
from diffex_cli.editors.base import EditRequest
from diffex_cli.measure import plan as plans
from diffex_cli.measure.making import make_edits, tally
from diffex_cli.measure.recording import record
from diffex_cli.measure.session import Session, locked_session, planned_session
from diffex_cli.measure.sharding import Shard, share


@dataclasses.dataclass(frozen=True, slots=True)
class EditSummary:
    """What the stage did, with the :class:`~diffex_cli.measure.making.Tally` of the edits made now."""

    needed: int
    cached: int
    made: int
    no_ops: int
    failed: int
    failure: str | None
    changed: float | None
    change_inside: float | None
    change_outside: float | None
    saturated: float | None
    perceptual: float | None
    seconds_per_edit: float | None
    warnings: tuple[str, ...]


def run(settings: Settings, progress: Progress, requests: bool = False, shard: Shard | None = None) -> EditSummary:
    """Make the edits that are missing.

    Args:
        requests: make those that ``requests.parquet`` lists, instead of the reconstruction and what stands for the
            roots of the hierarchy.
        shard: make those of its images alone.
    """
    with locked_session("edit", settings, shard=shard) as session:
        maker, wanted = _wanted(session, requests, shard)
        missing = maker.missing(wanted)
        session.check("perception", "region")  # before anything is remembered
        record(session.run, "edit", settings)
        rows = make_edits(maker, missing, progress, "edit")
        if shard is None:
            session.run.edit_parts.merge(provenance("edit", {}))
        return EditSummary(
            needed=len(wanted),
            cached=len(wanted) - len(missing),
            made=len(rows),
            **dataclasses.asdict(tally(rows)),
            seconds_per_edit=sum(row.seconds for row in rows) / len(rows) if rows else None,
            warnings=session.run.warnings,
        )


def plan(settings: Settings, requests: bool = False, shard: Shard | None = None) -> plans.Plan:
    """What :func:`run` would do."""
    session = planned_session("edit", settings)
    maker, wanted = _wanted(session, requests, shard)
    session.check("perception", "region")
    return plans.edits("edit", maker, wanted, wanted)


def _wanted(session: Session, requests: bool, shard: Shard | None) -> tuple[Session, list[EditRequest]]:
    """What to make, and the session that makes it: a search asks for the edits of its screening first."""
    own = share(tuple(session.images), shard)
    if not requests:
        images, standing = tuple(one for one in session.images if one in own), session.stand_ins
        roots = [root.candidate for root in session.searched.roots]
        edits = [(standing.candidate(one, image), (image,)) for one in roots for image in images]
        return session, session.requests([(RECONSTRUCTION, images), *edits])
    rows = [row for row in session.run.requests() if shard is None or row.image in own]
    screening = session.screening
    if rows and screening is not None and rows[0].editor == screening.editor_fingerprint:
        return screening, _requested(screening, rows)
    return session, _requested(session, rows)


def _requested(session: Session, rows: Sequence[RequestRow]) -> list[EditRequest]:
    """The requests of ``requests.parquet``, checked against the settings."""
    found = []
    for row in rows:
        try:
            candidate = row.parsed_candidate()
        except ValueError as error:
            raise UsageError(f"{session.run.path / 'requests.parquet'}: {error}") from error
        if row.image not in session.images or row.edit != session.key(row.image, candidate):
            raise UsageError(
                f"{session.run.path / 'requests.parquet'} asks for edits by another editor, with another seed or of "
                "other images than these settings name: run `diffex search --no-fill` again, or give the same settings"
            )
        found.append(EditRequest(row.edit, row.image, candidate))
    return found
