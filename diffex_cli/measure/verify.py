"""The stage ``verify``: original and edited images in, the attributes that can be seen in them out."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.artifacts.verifier_test import Verdict, read_test
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, is_within
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import Settings
from diffex_cli.language_models.costs import Spending
from diffex_cli.measure import plan as plans
from diffex_cli.measure.looking import own_classes, reported, sampled
from diffex_cli.measure.paying import LimitReached, Look
from diffex_cli.measure.recording import record
from diffex_cli.measure.self_test import check_verifier
from diffex_cli.measure.session import Session, locked_session, planned_session
from diffex_cli.measure.sharding import Shard, share
from diffex_cli.measure.verifying import make_readings, missing_readings
from diffex_cli.verifiers.attributes import attributes_of
from diffex_cli.verifiers.base import Attribute


@dataclasses.dataclass(frozen=True, slots=True)
class VerifySummary:
    """What the stage did, in pictures.

    Attributes:
        attributes: how many attributes there are to see.
        spending: what a language model was asked; ``None`` if none was.
        test: what the verifier's test found; ``None`` if its readings were made elsewhere.
    """

    needed: int
    cached: int
    seen: int
    attributes: int
    test: Verdict | None
    warnings: tuple[str, ...]
    spending: Spending | None = None


def run(settings: Settings, progress: Progress, shard: Shard | None = None) -> VerifySummary:
    """Ask the verifier what it was not asked yet of the input images, and of their edits by this editor, and the one
    that screens for it, with this seed.

    Args:
        shard: ask it of its images alone, and of their edits.

    Raises:
        UsageError: no verifier is named, or it fails its test, or one that asks a service is to be one of many.
    """
    with locked_session("verify", settings, shard=shard) as session:
        check_verify(session)
        _check_shard(session, shard)
        record(session.run, "verify", session.stage_settings)
        wanted = [(one, _wanted(one, shard)) for one in session.benches]
        needed = len({subject for _, subjects in wanted for subject in subjects})
        missing = _missing(wanted)
        before, limit = sum(map(_cells, missing)), tuple[str, ...]()
        try:
            for one, subjects in wanted:
                check_verifier(one, subjects, progress, "verify")
                make_readings(one, subjects, progress, "verify")
        except LimitReached as error:
            limit = (str(error),)
        if shard is None:
            session.run.seen_parts.merge(provenance("verify", {}))
        n, left = len(attributes_of(session.searched)), _missing(wanted)
        seen = len(set().union(*missing)) - len(set().union(*left))
        asked_of = sum(len(ids) for _, subjects in wanted for ids in subjects.values())
        spent = session.purse.spending(asked_of - before, sum(map(_cells, left))) if session.purse else None
        cached = needed - seen - len(set().union(*left))
        return VerifySummary(needed, cached, seen, n, _verdict(session), (*session.run.warnings, *limit), spent)


def plan(settings: Settings, shard: Shard | None = None) -> plans.Plan:
    """What :func:`run` would do."""
    session = planned_session("verify", settings)
    check_verify(session)
    _check_shard(session, shard)
    wanted = [(one, _wanted(one, shard)) for one in session.benches]
    needed, missing = set().union(*(subjects for _, subjects in wanted)), _missing(wanted)
    plan = plans.count("verify", "pictures", len(needed), len(set().union(*missing)))
    if session.purse is None:
        return plan
    looks = Counter[tuple[tuple[int, int], bool]]()
    for (one, _), subjects in zip(wanted, missing, strict=True):
        for subject, ids in subjects.items():
            looks[_look(one, subject)] += len(ids)
    asked_of = sum(len(ids) for _, subjects in wanted for ids in subjects.values())
    questions = session.purse.estimate(
        [Look(size, edited, times) for (size, edited), times in looks.items()],
        attributes_of(session.searched),
        asked_of - sum(looks.values()),
    )
    return dataclasses.replace(plan, questions=questions)


_Wanted: TypeAlias = list[tuple[Session, dict[str, tuple[str, ...]]]]


def _missing(wanted: _Wanted) -> list[dict[str, tuple[str, ...]]]:
    return [missing_readings(one, subjects) for one, subjects in wanted]


def _cells(missing: Mapping[str, Collection[str]]) -> int:
    return sum(map(len, missing.values()))


def _look(session: Session, subject: str) -> tuple[tuple[int, int], bool]:
    row = session.edits.get(subject)
    image = session.images[subject if row is None else row.image]
    return (image.width, image.height), bool(row and row.candidate)


def check_verify(session: Session) -> None:
    """Complain before anything is remembered."""
    session.check("corpus", "images", "verifier", "editor", "screening")
    if session.verifier is None:
        raise UsageError(
            "nothing says what is to look at the pictures: give --verifier SPEC, or verifier: in a config file"
        )
    session.check("protected", "readings", "purse")


def _check_shard(session: Session, shard: Shard | None) -> None:
    if shard is not None and session.purse is not None:
        raise UsageError(
            f"--shard {shard}: the verifier {session.settings.verifier} asks a service, which one process does as fast "
            "as it answers (--parallel), within one limit (--max-cost): leave out --shard"
        )


def _verdict(session: Session) -> Verdict | None:
    test = None if session.verifier is None else read_test(session.run.path, session.verifier.fingerprint)
    return None if test is None else test.verdict


def _wanted(session: Session, shard: Shard | None) -> dict[str, tuple[str, ...]]:
    """Of every picture all attributes, and of an edit the class of its image; of an edit, if an answer costs something,
    the attributes that it was asked for, the others of the same parents and the protected ones, but of a sample all."""
    attributes = attributes_of(session.searched)
    everything = tuple(one.id for one in attributes)
    costs = session.verifier is not None and session.verifier.costs
    whole = _sample(session) if costs else None
    classes = own_classes(session.images, session.settings.target)
    own = share(tuple(session.images), shard)
    wanted = {image: everything for image in session.images if image in own}
    for row in edits_looked_at(session):
        if row.image not in own:
            continue
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


def edits_looked_at(session: Session) -> list[EditRow]:
    """Those by the session's editor with its seed that have a picture."""
    ours = (row for row in session.edits.values() if row.seed == session.settings.seed)
    return [row for row in ours if row.image in session.images and row.status != "failed"]


def _near(row: EditRow, attributes: Iterable[Attribute], protected: Sequence[str]) -> tuple[str, ...]:
    asked = {one.removeprefix("-") for one in row.candidate.split(" + ")}
    return tuple(
        one.id
        for one in attributes
        if asked.intersection((one.id, *one.siblings)) or any(is_within(one.id, id) for id in protected)
    )
