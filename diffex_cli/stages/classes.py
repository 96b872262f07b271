"""The ranking of one search for every class: scores hold all logits, so that it costs no edit."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Iterator, Sequence

from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.core.hierarchy import Candidate
from diffex_cli.search.algorithms import Trace
from diffex_cli.search.influence import Effect
from diffex_cli.search.joint import JointEvaluation
from diffex_cli.stages.evaluation import Evaluator


def ranking_of_all(
    trace: Trace, joint: Sequence[JointEvaluation], evaluator: Evaluator, delta: float
) -> tuple[RankingRow, ...]:
    """Every candidate that was tried, for every target: class by class, the most influential first.

    A candidate is ``kept`` for a class if its influence on it is at least δ. Of the statistics there is the Student-t
    interval alone, since there may be a thousand classes.

    Args:
        trace: of the search, which was steered by the class that each candidate moves most.
        joint: the sets that were tried.
        evaluator: what the search asked.
        delta: δ.
    """
    rows: list[RankingRow] = []
    for target in evaluator.targets:
        block = []
        for candidate, row in _described(trace, joint, evaluator.groups):
            effect = Effect(candidate.id, evaluator.deltas(candidate, evaluator.images, target))
            enough = effect.influence >= delta
            block.append(
                dataclasses.replace(
                    row,
                    target=target.name,
                    effect=effect.effect,
                    influence=effect.influence,
                    low=effect.low,
                    high=effect.high,
                    n=effect.n,
                    status="kept" if enough else "dropped",
                    reason=f"influence {effect.influence:.3g}" + ("" if enough else f" is below δ = {delta:g}"),
                    effect_original=evaluator.effect_original(candidate, evaluator.images, target),
                )
            )
        block.sort(key=lambda row: (math.isnan(row.influence), -row.influence, row.candidate))
        rows += [dataclasses.replace(row, rank=rank) for rank, row in enumerate(block, 1)]
    return tuple(rows)


def _described(
    trace: Trace, joint: Sequence[JointEvaluation], groups: Collection[str]
) -> Iterator[tuple[Candidate, RankingRow]]:
    """Each candidate, and a row of what does not depend on the class."""
    nan = math.nan
    for one in trace.ranking:
        node = one.node
        yield (
            node.candidate,
            RankingRow(
                0,
                one.id,
                node.name,
                "",
                nan,
                nan,
                nan,
                nan,
                0,
                one.depth,
                one.id in groups,
                node.placebo,
                "",
                "",
                nan,
            ),
        )
    for together in joint:
        depth = max(part.depth for part in together.parts)
        yield (
            together.candidate,
            RankingRow(0, together.id, together.name, "", nan, nan, nan, nan, 0, depth, False, False, "", "", nan),
        )
