"""``search.yaml`` and ``ranking.parquet``: what was searched, level by level, and what came of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.settings import Settings
from diffex_cli.measure.session import Session
from diffex_cli.search.algorithm.algorithms import Evaluation, Trace
from diffex_cli.search.algorithm.joint import JointEvaluation
from diffex_cli.search.evaluation import Evaluator
from diffex_cli.search.findings import Findings, known
from diffex_cli.search.screening import Screening
from diffex_cli.search.statistics.verdict import ALPHA, POWER

_AS_USED = ("algorithm", "beam", "delta", "max_depth", "seed", "scale", "accept", "direction", "racing", "max_edits")
_MISSING = object()


@dataclasses.dataclass(frozen=True, slots=True)
class Searched:
    """All that one search produced.

    Attributes:
        trace: the search through the hierarchy.
        joint: the sets that were tried after it, the most influential first.
        findings: every candidate with its figures.
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


def write(session: Session, searched: Searched, evaluator: Evaluator) -> bool:
    """Write ``search.yaml``, ``ranking.parquet`` and, of all classes, ``ranking-all.parquet``, unless they say the same
    already; returns whether it did. A ``ranking-all.parquet`` of an earlier search is removed."""
    run, content, ranking = session.run, _content(session, searched, evaluator), searched.findings.ranking
    if _same(run, content, ranking, searched.of_all):
        return False
    made = provenance("search", {name: value for name, value in session.settings.values().items() if name != "run"})
    run.write_search({"provenance": made, **content})
    run.write_ranking(ranking, made)
    run.write_ranking_of_all(searched.of_all, made)
    return True


def _content(session: Session, searched: Searched, evaluator: Evaluator) -> dict[str, Any]:
    settings, verdict, trace = session.settings, searched.findings.verdict, searched.trace
    return {
        "target": evaluator.target,
        "best": searched.best,
        "best_joint": searched.best_joint,
        "passed": list(searched.findings.passed),
        "images": len(session.images),
        **_used(settings),
        "held_out": list(evaluator.held_out),
        "joint_size": settings.joint,
        "floor": {
            "value": known(verdict.floor.value),
            "source": verdict.floor.source,
            "arms": verdict.floor.arms,
            "n": verdict.floor.n,
        },
        "detectable": {"effect": known(verdict.detectable), "alpha": ALPHA, "power": POWER},
        "corrected_for": verdict.corrected_for,
        "editor": {"spec": settings.editor, "fingerprint": session.editor_fingerprint},
        "classifier": {"spec": settings.classifier, "fingerprint": session.classifier.fingerprint},
        "screening": None if searched.screening is None else _screening(searched.screening),
        "levels": [
            {"depth": level.depth, "candidates": [_entry(one, searched.findings) for one in level.evaluations]}
            for level in trace.levels
        ],
        "joint": [_joint_entry(one, searched.findings) for one in searched.joint],
    }


def _used(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in _AS_USED}


def _entry(one: Evaluation, findings: Findings) -> dict[str, object]:
    """One evaluation as plain values; a figure that is not known is null."""
    row = findings.row(one.id)
    return {
        "candidate": one.id,
        "name": one.node.name,
        "parent": one.parent,
        "effect": known(row.effect),
        "influence": known(row.influence),
        "reach": known(one.effect.reach),
        "low": known(row.low),
        "high": known(row.high),
        "n": row.n,
        "status": one.status,
        "expanded": one.expanded,
        "reason": row.reason,
        **_claims(row),
        "images": row.images,
        "decided": row.decided,
    }


def _screening(found: Screening) -> dict[str, object]:
    return {
        "editor": {"spec": found.editor, "fingerprint": found.fingerprint},
        "edits": found.edits,
        "candidates": [_screened(one, one.id in found.survivors) for one in found.trace.ranking],
    }


def _screened(one: Evaluation, survived: bool) -> dict[str, object]:
    return {
        "candidate": one.id,
        "name": one.node.name,
        "parent": one.parent,
        "effect": known(one.effect.effect),
        "reach": known(one.effect.reach),
        "n": one.effect.n,
        "images": len(one.effect.deltas) if one.standing is None else one.standing.images,
        "survived": survived,
        "expanded": one.expanded,
        "reason": one.reason,
    }


def _joint_entry(one: JointEvaluation, findings: Findings) -> dict[str, object]:
    row = findings.row(one.id)
    apart = one.interaction
    return {
        "candidate": one.id,
        "name": one.name,
        "parts": [part.id for part in one.parts],
        "effect": known(row.effect),
        "influence": known(row.influence),
        "low": known(row.low),
        "high": known(row.high),
        "n": row.n,
        "singles": [known(single.mean) for single in apart.singles],
        "sum": known(apart.sum.mean),
        "interaction": known(apart.interaction.mean),
        "interaction_low": known(apart.interaction.low),
        "interaction_high": known(apart.interaction.high),
        "shared": apart.n,
        "status": one.status,
        "reason": row.reason,
        **_claims(row),
    }


def _claims(row: RankingRow) -> dict[str, object]:
    return {
        "p_value": row.p_value,
        "p_corrected": row.p_corrected,
        "below_floor": row.below_floor,
        "passed": row.passed,
        "holdout": None
        if row.n_holdout is None
        else {
            "effect": row.effect_holdout,
            "low": row.low_holdout,
            "high": row.high_holdout,
            "n": row.n_holdout,
            "confirmed": row.confirmed,
        },
    }


def _same(
    run: RunDirectory,
    content: dict[str, Any],
    ranking: Sequence[RankingRow],
    of_all: Sequence[RankingRow] | None,
) -> bool:
    try:
        old = run.search()
        # by text: NaN is not equal to itself
        return (
            repr(run.ranking()) == repr(tuple(ranking))
            and repr(run.ranking_of_all()) == repr(of_all)
            and all(old.get(key, _MISSING) == content[key] for key in content)
        )
    except (IncompleteError, UsageError):
        return False
