"""The stage ``verify``: original and edited images in, the attributes that can be seen in them out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, is_within
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import Settings
from diffex_cli.measure import plan as plans
from diffex_cli.measure.looking import own_classes, reported, sampled
from diffex_cli.measure.recording import record
from diffex_cli.measure.session import Session, locked_session, planned_session
from diffex_cli.measure.verifying import make_readings, missing_readings
from diffex_cli.verifiers.attributes import attributes_of
from diffex_cli.verifiers.base import Attribute


@dataclasses.dataclass(frozen=True, slots=True)
class VerifySummary:
    """What the stage did, in pictures.

    Attributes:
        attributes: how many attributes there are to see.
    """

    needed: int
    cached: int
    seen: int
    attributes: int
    warnings: tuple[str, ...]


def run(settings: Settings, progress: Progress) -> VerifySummary:
    """Ask the verifier what it was not asked yet of the input images, and of their edits by this editor, and the one
    that screens for it, with this seed.

    Raises:
        UsageError: no verifier is named.
    """
    with locked_session("verify", settings) as session:
        _check(session)
        record(session.run, "verify", session.stage_settings)
        wanted = [(one, _wanted(one)) for one in session.benches]
        needed = len({subject for _, subjects in wanted for subject in subjects})
        seen = sum(make_readings(one, subjects, progress, "verify") for one, subjects in wanted)
        session.run.seen_parts.merge(provenance("verify", {}))
        n = len(attributes_of(session.searched))
        return VerifySummary(needed, needed - seen, seen, n, session.run.warnings)


def plan(settings: Settings) -> plans.Plan:
    """What :func:`run` would do."""
    session = planned_session("verify", settings)
    _check(session)
    needed, missing = set[str](), set[str]()
    for one in session.benches:
        wanted = _wanted(one)
        needed |= wanted.keys()
        missing |= missing_readings(one, wanted).keys()
    return plans.count("verify", "pictures", len(needed), len(missing))


def _check(session: Session) -> None:
    """Complain before anything is remembered."""
    session.check("corpus", "images", "verifier", "editor", "screening")
    if session.verifier is None:
        raise UsageError(
            "nothing says what is to look at the pictures: give --verifier SPEC, or verifier: in a config file"
        )
    session.check("protected", "readings")


def _wanted(session: Session) -> dict[str, tuple[str, ...]]:
    """Of every picture all attributes, and of an edit the class of its image; of an edit, if an answer costs something,
    the attributes that it was asked for, the others of the same parents and the protected ones, but of a sample all."""
    attributes = attributes_of(session.searched)
    everything = tuple(one.id for one in attributes)
    costs = session.verifier is not None and session.verifier.costs
    whole = _sample(session) if costs else None
    classes = own_classes(session.images, session.settings.target)
    wanted = dict.fromkeys(session.images, everything)
    for row in _edits(session):
        of_class = (classes[row.image],) if row.image in classes else ()
        if whole is None or row.edit in whole:
            wanted[row.edit] = (*everything, *of_class)
        else:
            wanted[row.edit] = _near(row, attributes, session.protected) if row.candidate else everything
    return wanted


def _sample(session: Session) -> set[str]:
    """The edits that a verifier which costs is asked about everything of, with their reconstructions: those that the
    last search reports; none if there was no search with this editor and seed."""
    try:
        search = session.run.search()
        ranking, measured = session.run.ranking(search), session.run.measured(search)
    except (IncompleteError, UsageError):
        return set()
    if (search.editor.fingerprint, search.seed) != (session.editor_fingerprint, session.settings.seed):
        return set()
    rows = sampled(measured, reported(ranking), search.seed)
    return {key for row in rows for key in (row.edit, session.key(row.image, RECONSTRUCTION))}


def _edits(session: Session) -> Iterable[EditRow]:
    ours = (row for row in session.edits.values() if row.seed == session.settings.seed)
    return [row for row in ours if row.image in session.images and row.status != "failed"]


def _near(row: EditRow, attributes: Iterable[Attribute], protected: Sequence[str]) -> tuple[str, ...]:
    asked = {one.removeprefix("-") for one in row.candidate.split(" + ")}
    return tuple(
        one.id
        for one in attributes
        if asked.intersection((one.id, *one.siblings)) or any(is_within(one.id, id) for id in protected)
    )
