"""What a search found, as rows of the ranking: every candidate with all of its figures."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.core.hierarchy import Candidate
from diffex_cli.core.settings import Settings
from diffex_cli.measure.targets import Target
from diffex_cli.search.algorithm.algorithms import Evaluation, Trace
from diffex_cli.search.algorithm.joint import JointEvaluation
from diffex_cli.search.evaluation import Evaluator
from diffex_cli.search.statistics.claims import claim_of
from diffex_cli.search.statistics.influence import Effect
from diffex_cli.search.statistics.intervals import mean_interval, wilson
from diffex_cli.search.statistics.necessity import necessity
from diffex_cli.search.statistics.summary import CandidateStatistics
from diffex_cli.search.statistics.verdict import Significance, Tried, significance_of


@dataclasses.dataclass(frozen=True, slots=True)
class Findings:
    """The result of a search.

    Attributes:
        ranking: every candidate that was tried, the most influential first.
        verdict: what can be claimed of all of them together.
    """

    ranking: tuple[RankingRow, ...]
    verdict: Significance

    def row(self, id: str) -> RankingRow:
        """A candidate's row.

        Raises:
            KeyError: it was not tried.
        """
        for row in self.ranking:
            if row.candidate == id:
                return row
        raise KeyError(id)

    @property
    def passed(self) -> tuple[str, ...]:
        """The ids of those that passed, the most influential first."""
        return tuple(row.candidate for row in self.ranking if row.passed)


def findings(
    trace: Trace,
    joint: Sequence[JointEvaluation],
    held: Mapping[str, Effect],
    evaluator: Evaluator,
    settings: Settings,
    screened: Collection[str] = (),
) -> Findings:
    """Put the figures together.

    Args:
        held: candidate → its effect on the images that were held out.
        screened: ids of the candidates that a screening measured.
    """
    singles = trace.ranking
    everything: list[Evaluation | JointEvaluation] = [*singles, *joint]
    tried = Tried(
        deltas={one.id: one.effect.deltas for one in everything},
        placebos={one.id for one in singles if one.node.placebo},
        kept={one.id for one in everything if one.status == "kept"},
        early={one.id for one in singles if _early(one)},
        screened=screened,
        sets={one.id: [part.id for part in one.parts] for one in joint},
        tested={one.id: _as_asked(one, evaluator) for one in everything},
    )
    verdict = significance_of(tried, delta=settings.delta, targets=len(evaluator.targets), seed=settings.seed)
    rows = [_single(one, evaluator) for one in singles] + [_joint(one, evaluator) for one in joint]
    judged = [_judged(row, verdict, held.get(row.candidate), settings.delta) for row in rows]
    return Findings(tuple(_ranked(judged)), verdict)


def _as_asked(one: Evaluation | JointEvaluation, evaluator: Evaluator) -> NDArray[np.float64]:
    """A candidate's Δ as measured, where it was tried; shape (n_images,)."""
    if evaluator.corrections is None:
        return one.effect.deltas
    tried = ~np.isnan(one.effect.deltas)
    measured = np.full(len(tried), math.nan)
    images = [image for image, known in zip(evaluator.images, tried, strict=True) if known]
    measured[tried] = evaluator.asked(_candidate(one), images)
    return measured


def _early(one: Evaluation) -> bool:
    """It was dropped before it had all images. What is kept within a budget need not have them all, but it has as many
    as the budget fixed beforehand."""
    return one.standing is not None and one.standing.status == "dropped" and not one.standing.complete


def tried_images(one: Evaluation, evaluator: Evaluator) -> list[str]:
    """The keys of the images that a single attribute was tried on, in their order."""
    standing = one.standing
    indices = range(len(evaluator.images)) if standing is None else sorted(evaluator.order[: standing.images])
    return [evaluator.images[i] for i in indices]


def _single(one: Evaluation, evaluator: Evaluator) -> RankingRow:
    decided = None if one.standing is None else one.standing.decided
    return _row(one, tried_images(one, evaluator), evaluator, decided=decided)


def _joint(one: JointEvaluation, evaluator: Evaluator) -> RankingRow:
    apart = one.interaction
    return _row(
        one,
        evaluator.images,
        evaluator,
        joint_sum=known(apart.sum.mean),
        interaction=known(apart.interaction.mean),
        interaction_low=known(apart.interaction.low),
        interaction_high=known(apart.interaction.high),
    )


def _row(
    one: Evaluation | JointEvaluation, tried: Sequence[str], evaluator: Evaluator, **further: float | None
) -> RankingRow:
    candidate, effect = _candidate(one), one.effect
    interval = evaluator.interval(candidate, effect)
    reason = one.reason
    if tried and not effect.n:
        reason = evaluator.failures([(candidate, tried)]) or reason
    figures = _figures(evaluator.statistics(candidate, tried), evaluator, candidate, tried) if tried else {}
    checks = _checks(one, evaluator, tried) if tried else {}
    values = {**_about(one, evaluator.groups), **figures, **checks, **further}
    return RankingRow(
        rank=0,
        candidate=candidate.id,
        target=evaluator.target_of(candidate).name,
        effect=effect.effect,
        influence=effect.influence,
        low=interval.low,
        high=interval.high,
        n=effect.n,
        status=one.status,
        reason=reason,
        effect_original=evaluator.effect_original(candidate, tried) if tried else math.nan,
        images=len(tried),
        **values,
    )


def _checks(one: Evaluation | JointEvaluation, evaluator: Evaluator, tried: Sequence[str]) -> dict[str, Any]:
    """What a verifier saw; nothing without one."""
    if evaluator.checked is None:
        return {}
    edits = [edit for edit in evaluator.edits(_candidate(one), tried) if edit[0].terms]
    landed = evaluator.checked.share_landed(edits)
    lost = evaluator.checked.share_class_lost(edits, evaluator.classes)
    low, high = wilson(landed.value, landed.n) if landed.n else (math.nan, math.nan)
    return {
        "effect_asked": known(Effect("", _as_asked(one, evaluator)).effect),
        "shown": len(tried) - len(edits),
        "landed": known(landed.value),
        "landed_low": known(low),
        "landed_high": known(high),
        "n_landed": landed.n,
        "class_lost": known(lost.value),
        "n_class": lost.n,
    }


def _figures(
    found: CandidateStatistics, evaluator: Evaluator, candidate: Candidate, tried: Sequence[str]
) -> dict[str, Any]:
    causes = found.necessity
    if found.cace.mean < 0:
        # an attribute that speaks against the target is asked whether it prevents it
        present, absent = evaluator.decisions(candidate, tried)
        causes = necessity(1 - present, 1 - absent)
    figures = {
        "delta_probability": found.probability.mean,
        "delta_probability_low": found.probability.low,
        "delta_probability_high": found.probability.high,
        "flip_to": found.flips.to_target.value,
        "flip_from": found.flips.from_target.value,
        "up": found.directions.up,
        "down": found.directions.down,
        "cace": found.cace.mean,
        "cout": found.cout.mean,
        "valid": found.validity.value,
    }
    for name, one in (
        ("necessity", causes.necessity),
        ("sufficiency", causes.sufficiency),
        ("necessity_sufficiency", causes.both),
    ):
        figures |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
    return {name: known(value) for name, value in figures.items()}


def _judged(row: RankingRow, verdict: Significance, held: Effect | None, delta: float) -> RankingRow:
    p = verdict.p_values.get(row.candidate)
    below = verdict.below_floor(row.influence)
    reason = row.reason
    if below and row.status == "kept":
        reason += f", which does not exceed the noise floor of {verdict.floor.value:.3g}"
    row = dataclasses.replace(
        row,
        reason=reason,
        p_value=None if p is None else known(p.raw),
        p_corrected=None if p is None else known(p.corrected),
        coverage_rank=verdict.coverage.get(row.candidate),
        below_floor=below,
        passed=row.status == "kept" and not row.placebo and not below and verdict.significant(row.candidate),
    )
    claim = claim_of(row, delta)
    row = dataclasses.replace(row, claim=claim, passed=row.passed and claim != "not tested")
    if held is None:
        return row
    again = mean_interval(held.deltas)
    return dataclasses.replace(
        row,
        effect_holdout=known(again.mean),
        low_holdout=known(again.low),
        high_holdout=known(again.high),
        n_holdout=again.n,
        confirmed=again.excludes_zero and again.mean * row.effect > 0,
    )


def known(value: float) -> float | None:
    """A figure for a column that may be empty; NaN is."""
    return None if math.isnan(value) else float(value)


def ranking_of_all(
    trace: Trace, joint: Sequence[JointEvaluation], evaluator: Evaluator, delta: float
) -> tuple[RankingRow, ...]:
    """Every candidate that was tried, for every target: class by class, the most influential first.

    A candidate is ``kept`` for a class if its influence on it is at least δ. Of the statistics there is the Student-t
    interval alone, since there may be a thousand classes.

    Args:
        trace: of the search, which was steered by the class that each candidate moves most.
    """
    everything: list[Evaluation | JointEvaluation] = [*trace.ranking, *joint]
    rows: list[RankingRow] = []
    for target in evaluator.targets:
        rows += _ranked([_for_class(one, target, evaluator, delta) for one in everything])
    return tuple(rows)


def _for_class(one: Evaluation | JointEvaluation, target: Target, evaluator: Evaluator, delta: float) -> RankingRow:
    candidate = _candidate(one)
    effect = Effect(candidate.id, evaluator.deltas(candidate, evaluator.images, target))
    enough = effect.influence >= delta
    reason = f"influence {effect.influence:.3g}" + ("" if enough else f" is below δ = {delta:g}")
    if not effect.n:
        reason = evaluator.failures([(candidate, evaluator.images)]) or reason
    return RankingRow(
        rank=0,
        candidate=candidate.id,
        **_about(one, evaluator.groups),
        target=target.name,
        effect=effect.effect,
        influence=effect.influence,
        low=effect.student_low,
        high=effect.student_high,
        n=effect.n,
        status="kept" if enough else "dropped",
        reason=reason,
        effect_original=evaluator.effect_original(candidate, evaluator.images, target),
    )


def _ranked(rows: Sequence[RankingRow]) -> list[RankingRow]:
    """The most influential first, numbered."""
    ordered = sorted(rows, key=lambda row: (math.isnan(row.influence), -row.influence, row.candidate))
    return [dataclasses.replace(row, rank=rank) for rank, row in enumerate(ordered, 1)]


def _candidate(one: Evaluation | JointEvaluation) -> Candidate:
    return one.candidate if isinstance(one, JointEvaluation) else one.node.candidate


def _about(one: Evaluation | JointEvaluation, groups: Collection[str]) -> dict[str, Any]:
    """What of a row does not depend on any measurement."""
    if isinstance(one, JointEvaluation):
        depth = max(part.depth for part in one.parts)
        return {"name": one.name, "depth": depth, "group": False, "placebo": False}
    return {"name": one.node.name, "depth": one.depth, "group": one.id in groups, "placebo": one.node.placebo}
