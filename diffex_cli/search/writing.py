"""``search.yaml`` and ``ranking.parquet``: what was searched, level by level, and what came of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from diffex_cli.artifacts import results
from diffex_cli.artifacts.keys import corpus_digest, images_digest
from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import MeasuredRow, RankingRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.search_document import (
    SETTINGS,
    AttributeScale,
    Backend,
    CalibrationRecord,
    Detectable,
    Floor,
    Holdout,
    Screened,
    ScreeningRecord,
    SearchDocument,
    SearchLevel,
    Tried,
    TriedSet,
)
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.hierarchy import Candidate
from diffex_cli.measure.calibration import Calibration
from diffex_cli.measure.session import EditWish, Session
from diffex_cli.search.algorithm.algorithms import Evaluation, Trace
from diffex_cli.search.algorithm.joint import JointEvaluation
from diffex_cli.search.evaluation import Evaluator
from diffex_cli.search.findings import Findings, known, tried_images
from diffex_cli.search.screening import Screening
from diffex_cli.search.statistics.claims import ALPHA
from diffex_cli.search.statistics.verdict import POWER


@dataclasses.dataclass(frozen=True, slots=True)
class Searched:
    """All that one search produced.

    Attributes:
        of_all: the ranking for every class; ``None`` unless every class was asked for.
        screening: what a cheaper editor left to search; ``None`` without one.
    """

    trace: Trace
    joint: tuple[JointEvaluation, ...]
    findings: Findings
    of_all: tuple[RankingRow, ...] | None
    screening: Screening | None = None

    @property
    def best(self) -> str | None:
        """The id of the most influential attribute that was kept."""
        return None if self.trace.best is None else self.trace.best.id

    @property
    def best_joint(self) -> str | None:
        """The id of the most influential set that was kept."""
        return next((one.id for one in self.joint if one.status == "kept"), None)


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """What was there already, if it says the same, and the last search's result, as it is kept, if it had to make
    room."""

    last: SearchDocument | None
    tables: results.Tables
    aside: results.Result | None = None


def write(session: Session, searched: Searched, evaluator: Evaluator) -> Written:
    """Write ``search.yaml``, ``ranking.parquet``, ``measured.parquet`` and, of all classes, ``ranking-all.parquet``,
    unless they say the same already, at the run's top or, after a search for another target or of another classifier,
    where they were kept."""
    run, document = session.run, _document(session, searched, evaluator)
    tables = results.Tables(searched.findings.ranking, measured_rows(searched, evaluator), searched.of_all)
    before = results.kept(run, document)
    if last := _same(run, document, tables):
        if before is not None:  # somebody was killed on the way
            results.forget(run, before)
        return Written(last, tables)
    if before is not None and (last := _same(before, document, tables)):
        return Written(last, tables, aside=results.bring_back(run, before))
    made = provenance("search", session.settings.used())
    aside = None if _is_of_the_same(run, document) else results.set_aside(run)
    results.write(run, dataclasses.replace(document, provenance=made), tables, made)
    if before is not None:
        results.forget(run, before)
    return Written(None, tables, aside=aside)


def measured_rows(searched: Searched, evaluator: Evaluator) -> tuple[MeasuredRow, ...]:
    """Every candidate on every image that it was tried on."""
    tried: list[EditWish] = [(one.node.candidate, tried_images(one, evaluator)) for one in searched.trace.ranking]
    tried += [(one.candidate, evaluator.images) for one in searched.joint]
    rows: list[MeasuredRow] = []
    for candidate, images in tried:
        rows += _rows(candidate, images, evaluator)
    again = {row.candidate for row in searched.findings.ranking if row.n_holdout is not None}
    for candidate, _ in tried:
        if candidate.id in again:
            rows += _rows(candidate, evaluator.held_out, evaluator)
    return tuple(rows)


def _rows(candidate: Candidate, images: Sequence[str], evaluator: Evaluator) -> Iterator[MeasuredRow]:
    held_out = set(evaluator.held_out)
    figures = evaluator.alone(candidate, images).tolist(), evaluator.deltas(candidate, images).tolist()
    edits, keys = evaluator.edits(candidate, images), evaluator.keys(candidate, images)
    for (edited, image), key, asked, change in zip(edits, keys, *figures, strict=True):
        landed = lost = None
        if evaluator.checked is not None and edited.terms:
            landed = evaluator.checked.landed(edited, image)
            lost = evaluator.checked.class_lost(edited, image, evaluator.classes)
        yield MeasuredRow(candidate.id, image, key, not edited.terms, asked, change, landed, image in held_out, lost)


def _is_of_the_same(run: RunDirectory, document: SearchDocument) -> bool:
    """The last search's result is for the same target and of the same classifier."""
    try:
        last = run.search()
    except (IncompleteError, UsageError):
        return False
    return (last.target, last.classifier.spec) == (document.target, document.classifier.spec)


def _document(session: Session, searched: Searched, evaluator: Evaluator) -> SearchDocument:
    """The whole, but for its provenance."""
    settings, findings, verdict = session.settings, searched.findings, searched.findings.verdict
    used: dict[str, Any] = {name: getattr(settings, name) for name in SETTINGS}
    return SearchDocument(
        **used,
        target=evaluator.target,
        name=settings.name,
        best=searched.best,
        best_joint=searched.best_joint,
        passed=findings.passed,
        images=len(session.images),
        held_out=evaluator.held_out,
        joint_size=settings.joint,
        floor=Floor(known(verdict.floor.value), verdict.floor.source, verdict.floor.arms, verdict.floor.n),
        detectable=Detectable(known(verdict.detectable), ALPHA, POWER),
        corrected_for=verdict.corrected_for,
        corrected_for_sets=verdict.corrected_for_sets or None,
        editor=Backend(settings.editor, session.editor_fingerprint),
        classifier=Backend(settings.classifier, session.classifier.fingerprint),
        verifier=None if session.verifier is None else Backend(settings.verifier, session.verifier.fingerprint),
        protect=session.protected,
        exclusive=() if evaluator.checked is None else evaluator.checked.exclusive,
        calibration=_calibration(session.calibration),
        corpus_sha256=corpus_digest(session.corpus),
        images_sha256=images_digest(session.images),
        screening=None if searched.screening is None else _screening(searched.screening),
        levels=tuple(
            SearchLevel(level.depth, tuple(_tried(one, findings.row(one.id)) for one in level.evaluations))
            for level in searched.trace.levels
        ),
        joint=tuple(_set(one, findings.row(one.id)) for one in searched.joint),
    )


def _calibration(found: Calibration) -> CalibrationRecord | None:
    if found.placebos is None:
        return None
    scales = [AttributeScale(id, one.threshold, one.width, one.noise) for id, one in sorted(found.scales.items())]
    return CalibrationRecord(found.placebos, tuple(scales))


def _tried(one: Evaluation, row: RankingRow) -> Tried:
    return Tried(
        **_figures(row),
        parent=one.parent,
        reach=known(one.effect.reach),
        status=one.status,
        expanded=one.expanded,
        images=row.images,
        decided=row.decided,
    )


def _set(one: JointEvaluation, row: RankingRow) -> TriedSet:
    apart = one.interaction
    return TriedSet(
        **_figures(row),
        parts=tuple(part.id for part in one.parts),
        singles=tuple(known(single.mean) for single in apart.singles),
        sum=known(apart.sum.mean),
        interaction=known(apart.interaction.mean),
        interaction_low=known(apart.interaction.low),
        interaction_high=known(apart.interaction.high),
        shared=apart.n,
        status=one.status,
    )


def _figures(row: RankingRow) -> dict[str, Any]:
    """What single attributes and sets have in common."""
    held_out = Holdout(row.effect_holdout, row.low_holdout, row.high_holdout, row.n_holdout, row.confirmed)
    return {
        **{name: getattr(row, name) for name in ("candidate", "name", "n", "reason")},
        **{name: known(getattr(row, name)) for name in ("effect", "influence", "low", "high")},
        **{name: getattr(row, name) for name in ("p_value", "p_corrected", "below_floor", "passed")},
        "holdout": None if row.n_holdout is None else held_out,
    }


def _screening(found: Screening) -> ScreeningRecord:
    candidates = tuple(_screened(one, found) for one in found.trace.ranking)
    return ScreeningRecord(Backend(found.editor, found.fingerprint), found.edits, candidates)


def _screened(one: Evaluation, found: Screening) -> Screened:
    tried = [] if one.effect.n else tried_images(one, found.evaluator)
    return Screened(
        candidate=one.id,
        name=one.node.name,
        parent=one.parent,
        effect=known(one.effect.effect),
        reach=known(one.effect.reach),
        n=one.effect.n,
        images=len(one.effect.deltas) if one.standing is None else one.standing.images,
        survived=one.id in found.survivors,
        expanded=one.expanded,
        reason=(found.evaluator.failures([(one.node.candidate, tried)]) if tried else None) or one.reason,
    )


def _same(run: RunDirectory, document: SearchDocument, tables: results.Tables) -> SearchDocument | None:
    """The result that is there, if it says the same."""
    try:
        last = run.search()
        found = results.tables(run, last)
        same = (
            dataclasses.replace(last, provenance=document.provenance, id=None) == document
            and _alike(found.ranking, tables.ranking)
            and _alike(found.measured, tables.measured)
            and (found.of_all is None) == (tables.of_all is None)
            and _alike(found.of_all or (), tables.of_all or ())
        )
    except (IncompleteError, UsageError):
        return None
    return last if same else None


def _alike(some: Sequence[object], others: Sequence[object]) -> bool:
    # NaN is not equal to itself
    return len(some) == len(others) and all(
        one == other or repr(one) == repr(other) for one, other in zip(some, others, strict=True)
    )
