"""The joint phase: kept attributes of different branches, tried together.

Algorithm 1 goes from a node into its own finer ones, so that a pair from two groups (lip colour with eye make-up, the
paper's Fig. 8c) is out of its reach. Here the strongest attributes of different features are combined in pairs, and the
strongest sets of one size are extended by one attribute to the next, up to K. As in Algorithm 1, a set is kept if I ≥ δ
and if its influence exceeds that of what it extends: of each smaller set of its attributes that was tried.

What is combined is chosen by what it could do in company (:func:`partners`). An attribute that needs another one, as
in AND or XOR, alone moves few images, or some up and others down. So the choice goes by reach, the mean of |Δ|; and
since two that pull in opposite directions cancel, each feature sends its strongest for *and* its strongest against the
target.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffex_cli.core.hierarchy import Candidate
from diffex_cli.search.algorithm.algorithms import Evaluation, Status
from diffex_cli.search.algorithm.contest import NOTHING_EDITED
from diffex_cli.search.algorithm.rules import Rules
from diffex_cli.search.statistics.influence import Effect, order
from diffex_cli.search.statistics.interaction import Interaction, interaction
from diffex_cli.search.statistics.multiplicity import one_sided_paired_p

EvaluateSets: TypeAlias = Callable[[Sequence[Candidate]], Sequence[NDArray[np.float64]]]
"""Candidates → for each the deltas as in :class:`Effect`; fewer answers than candidates
mean that the first of them used up the budget."""


@dataclasses.dataclass(frozen=True, slots=True)
class JointEvaluation:
    """One set of attributes that was tried: in one edit, and against its parts, the most influential first."""

    candidate: Candidate
    parts: tuple[Evaluation, ...]
    effect: Effect
    interaction: Interaction
    status: Status
    reason: str

    @property
    def id(self) -> str:
        """The candidate's id."""
        return self.candidate.id

    @property
    def name(self) -> str:
        """The attributes' names joined by ``" + "``, in the order of their ids."""
        return " + ".join(part.node.name for part in sorted(self.parts, key=lambda part: part.node.id))


def partners(evaluations: Sequence[Evaluation], rules: Rules) -> tuple[Evaluation, ...]:
    """The attributes to combine: of every feature the strongest for and the strongest against the target.

    Only the finest that were evaluated are considered: a group leaves open which of its members is meant. A feature is
    a parent; its children, as a rule, exclude each other. Kept or not does not matter. Placebos are left out.

    Returns:
        those with the largest reach, the largest first; ties by id: B and one more, and at least three, so that two
        features are among them. One more was measured to find two more of 19 best pairs, and four or six more no
        others.
    """
    tried = [one for one in evaluations if one.effect.n and not one.node.placebo]
    above = {one.node.id.rpartition("/")[0] for one in tried}
    strongest: dict[tuple[str, bool], Evaluation] = {}
    for one in sorted(tried, key=lambda one: (-one.effect.reach, one.id)):
        if one.node.id not in above and one.effect.reach >= rules.delta:
            strongest.setdefault((_feature(one), one.effect.effect > 0), one)
    return tuple(strongest.values())[: max(rules.beam + 1, 3)]


def joint_search(
    singles: Sequence[Evaluation], evaluate: EvaluateSets, size: int, rules: Rules
) -> tuple[JointEvaluation, ...]:
    """Try sets of attributes, all pairs first.

    Args:
        singles: of :func:`partners`; two of the same feature are in no set.
        evaluate: called once a size with the sets, the most promising (by the sum of their parts' effects) first.
        size: K, the largest set; fewer than 2 try none.
        rules: B sets of a size, kept or not, are extended. With an error probability, a paired one-sided test has to
            say that a set exceeds what it extends; otherwise its influence decides.

    Returns:
        all that were tried, the most influential first; ties by id.

    Source: the paper's line 18 of Algorithm 1 and "Explaining Classifiers with Joint Attributes".
    """
    tried: dict[frozenset[str], JointEvaluation] = {}
    alone = {one.id: one for one in singles}
    sets = [frozenset(pair) for pair in itertools.combinations(alone, 2) if _compatible(pair, alone)]
    for members in range(2, size + 1):
        candidates = {ids: _candidate([alone[id] for id in ids]) for ids in sets}
        hopes = {ids: abs(math.fsum(alone[id].effect.effect for id in ids)) for ids in sets}
        queue = sorted(sets, key=lambda ids: (-hopes[ids], candidates[ids].id))
        answers = evaluate([candidates[ids] for ids in queue]) if queue else []
        for ids, deltas in zip(queue, answers, strict=False):
            parts = sorted((alone[id] for id in ids), key=lambda one: (-one.effect.influence, one.id))
            tried[ids] = _decided(candidates[ids], parts, Effect(candidates[ids].id, deltas), tried, rules)
        if len(answers) < len(queue):
            break
        best = sorted((one for one in tried.values() if len(one.parts) == members), key=_rank)[: rules.beam]
        found = [frozenset(part.id for part in one.parts) for one in best]
        larger = {ids | {id} for ids in found for id in alone if id not in ids}
        sets = sorted((ids for ids in larger if _compatible(ids, alone)), key=sorted)
    return tuple(sorted(tried.values(), key=_rank))


def _decided(
    candidate: Candidate,
    parts: Sequence[Evaluation],
    effect: Effect,
    tried: Mapping[frozenset[str], JointEvaluation],
    rules: Rules,
) -> JointEvaluation:
    ids = frozenset(part.id for part in parts)
    smaller = [part.effect for part in parts] + [one.effect for other, one in tried.items() if other < ids]
    together = interaction(effect.deltas, [part.effect.deltas for part in parts])
    shortfall = _shortfall(effect, smaller, rules)
    return JointEvaluation(
        candidate=candidate,
        parts=tuple(parts),
        effect=effect,
        interaction=together,
        status="dropped" if shortfall else "kept",
        reason=shortfall
        or f"influence {effect.influence:.3g}; its attributes one by one sum up to {together.sum.mean:+.3g}",
    )


def _shortfall(effect: Effect, smaller: Sequence[Effect], rules: Rules) -> str | None:
    """Why a set is not kept."""
    if not effect.n:
        return NOTHING_EDITED
    if effect.influence < rules.delta:
        return f"influence {effect.influence:.3g} is below δ = {rules.delta:g}"
    rival = min(smaller, key=lambda one: (-one.influence, one.candidate_id))
    if not effect.influence > rival.influence:
        return f"influence {effect.influence:.3g} does not exceed the {rival.influence:.3g} of {rival.candidate_id!r}"
    if rules.alpha is None:
        return None
    p = one_sided_paired_p(effect.deltas, rival.deltas)
    if not p > rules.alpha:
        return None
    return (
        f"influence {effect.influence:.3g} exceeds the {rival.influence:.3g} of {rival.candidate_id!r}, but not beyond "
        f"chance (p = {p:.2g})"
    )


def _candidate(parts: Sequence[Evaluation]) -> Candidate:
    return Candidate(tuple(term for part in parts for term in part.node.candidate.terms))


def _rank(one: JointEvaluation) -> tuple[bool, float, str]:
    return order(one.effect.influence, one.id)


def _feature(one: Evaluation) -> str:
    """The id of the parent; a root is a feature of its own."""
    return one.node.id.rpartition("/")[0] or one.node.id


def _compatible(ids: Iterable[str], alone: Mapping[str, Evaluation]) -> bool:
    """No two are of the same feature."""
    features = [_feature(alone[id]) for id in ids]
    return len(set(features)) == len(features)
