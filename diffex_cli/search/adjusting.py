"""The adjusted effects of a search that cannot be walked again: within a budget, or after a race.

Such a search decides by the effects as asked, and spends its edits so. What its edits showed corrects its figures all
the same, without any further edit; what it kept stays kept if it still deserves that.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diffex_cli.core.hierarchy import Candidate
from diffex_cli.search.algorithm.algorithms import Evaluation, Status, Trace
from diffex_cli.search.algorithm.joint import JointEvaluation
from diffex_cli.search.evaluation import Evaluator
from diffex_cli.search.statistics.influence import Effect, order
from diffex_cli.search.statistics.interaction import interaction


@dataclasses.dataclass(frozen=True, slots=True)
class Adjusted:
    """All that was tried, with the effects adjusted; the sets with the most influential first."""

    trace: Trace
    joint: tuple[JointEvaluation, ...]


def adjusted(trace: Trace, joint: Sequence[JointEvaluation], evaluator: Evaluator, delta: float) -> Adjusted:
    """Adjust every effect, on the images that it is of.

    Args:
        evaluator: corrects by all edits so far.
        delta: δ; what was kept and does less is dropped, as is a set that does no more than one of its parts.
    """

    def single(one: Evaluation) -> Evaluation:
        effect = _adjusted(one.node.candidate, one.effect, evaluator)
        status, reason = _decided(one, effect, delta)
        return dataclasses.replace(one, effect=effect, status=status, reason=reason)

    def together(one: JointEvaluation) -> JointEvaluation:
        effect = _adjusted(one.candidate, one.effect, evaluator)
        parts = tuple(map(single, one.parts))
        status, reason = _decided(one, effect, delta, max(part.effect.influence for part in parts))
        apart = interaction(effect.deltas, [part.effect.deltas for part in parts])
        return dataclasses.replace(one, effect=effect, parts=parts, interaction=apart, status=status, reason=reason)

    levels = tuple(
        dataclasses.replace(level, evaluations=tuple(map(single, level.evaluations))) for level in trace.levels
    )
    sets = sorted(map(together, joint), key=lambda one: order(one.effect.influence, one.id))
    return Adjusted(Trace(levels), tuple(sets))


def _adjusted(candidate: Candidate, effect: Effect, evaluator: Evaluator) -> Effect:
    known = ~np.isnan(effect.deltas)
    images = [image for image, measured in zip(evaluator.images, known, strict=True) if measured]
    deltas: NDArray[np.float64] = np.full(len(known), math.nan)
    if images:
        deltas[known] = evaluator.deltas(candidate, images)
    return Effect(effect.candidate_id, deltas)


def _decided(
    one: Evaluation | JointEvaluation, effect: Effect, delta: float, most: float = -math.inf
) -> tuple[Status, str]:
    """What becomes of it, and why."""
    if one.status == "dropped" or not effect.n:
        return one.status, one.reason
    told = f"influence {effect.influence:.3g}, adjusted for what the edits showed (as asked: {one.reason})"
    if effect.influence < delta:
        return "dropped", f"{told}, is below δ = {delta:g}"
    if effect.influence <= most:
        return "dropped", f"{told}, does not exceed that of one of its attributes"
    return "kept", told
