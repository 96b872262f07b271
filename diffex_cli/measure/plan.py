"""What a stage would do, for ``--dry-run``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from diffex_cli.editors.base import EditRequest
from diffex_cli.language_models.rehearsal import Estimate
from diffex_cli.measure import rates
from diffex_cli.measure.bounding import known_rate, reused
from diffex_cli.measure.session import Session


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """The work ahead.

    Attributes:
        unit: what is counted: ``"edits"``, ``"images"`` (to score, or to read) or ``"candidates"``.
        needed: how many are needed for certain; for ``search``, those of the root level.
        to_do_at_most: the same if the search had to go into every node; else as ``to_do``.
        seconds_per_edit: measured, in this run or else on this machine; ``None`` if never.
        expected: of a search, about how many edits it will need in all, there or not; else ``None``.
        screening: how many of these are by the cheaper editor of a screening; ``None`` without one.
        questions: what a verifier that asks a language model would ask; ``None`` if none does.
    """

    stage: str
    unit: str
    needed: int
    cached: int
    to_do: int
    to_do_at_most: int
    seconds_per_edit: float | None = None
    seconds: float | None = None
    seconds_at_most: float | None = None
    expected: int | None = None
    screening: int | None = None
    questions: Estimate | None = None


def count(stage: str, unit: str, needed: int, to_do: int) -> Plan:
    """The plan of work whose time nobody measures."""
    return Plan(stage, unit, needed, needed - to_do, to_do, to_do)


def edits(
    stage: str,
    session: Session,
    requests: Sequence[EditRequest],
    most: Sequence[EditRequest],
    *,
    further: int = 0,
    expected: int | None = None,
    limit: int | None = None,
) -> Plan:
    """The plan of making edits: those needed for certain, and at most, the former included."""
    missing, missing_most = session.missing(requests), session.missing(most)
    to_do, at_most = len(missing), len(missing_most) + further
    if limit is not None:
        at_most = min(at_most, limit)
    rate = rates.seconds_per_edit(session.edits.values())
    if rate is None:
        rate = known_rate(session)
    slow, slow_at_most = to_do - reused(session, missing), max(0, at_most - reused(session, missing_most))
    return Plan(
        stage=stage,
        unit="edits",
        needed=len(requests),
        cached=len(requests) - to_do,
        to_do=to_do,
        to_do_at_most=at_most,
        seconds_per_edit=rate,
        seconds=None if rate is None else rate * slow,
        seconds_at_most=None if rate is None else rate * slow_at_most,
        expected=expected,
    )


def together(own: Plan, screening: Plan, limit: int | None) -> Plan:
    """The plan of a search with a screening."""
    assert own.expected is not None
    assert screening.expected is not None
    at_most, expected = own.to_do_at_most + screening.to_do_at_most, own.expected + screening.expected
    if limit is not None:
        at_most, expected = min(at_most, limit), min(expected, limit)
    seconds = None
    if own.seconds_at_most is not None and screening.seconds_at_most is not None:
        seconds = own.seconds_at_most + screening.seconds_at_most
    return dataclasses.replace(
        screening,
        to_do_at_most=at_most,
        seconds_at_most=seconds,
        expected=expected,
        screening=screening.expected,
        questions=own.questions,
    )
