"""The searches that are compared, each on the same table of effects, with the edits that it would have asked for."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.truth.table import Table
from diffex_cli.core.hierarchy import Candidate, Node
from diffex_cli.search.algorithm.algorithms import Algorithm, Rules, Trace, search
from diffex_cli.search.algorithm.contest import Request
from diffex_cli.search.algorithm.joint import joint_search, partners
from diffex_cli.search.statistics.claims import ALPHA
from diffex_cli.search.statistics.intervals import mean_interval
from diffex_cli.search.statistics.verdict import Tried, significance_of

BEAM = 5
DELTA = 0.1

JointDeltas: TypeAlias = Callable[[Candidate], NDArray[np.float64]]
"""A candidate of two attributes → Δ of shape (n_images,), NaN for an image that the joint phase leaves out."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """What one method says of one classifier.

    Attributes:
        effects: candidate id → signed effect (or, without ``signed``, a score), the strongest first.
        signed: it says in which direction an attribute acts.
        reported: the ids of what it presents as its explanation; ``None`` if it presents nothing but the ranking.
        pair: the two attributes that it thinks do most together; ``None`` if it names none.
        intervals: candidate id → the ends of the interval, where the method gives one.
        looked_at: how many attributes other than placebos it evaluated.
        edits: how many edits that took, without the reconstructions.
        joint_edits: how many more the joint phase took.
    """

    effects: Mapping[str, float]
    signed: bool
    reported: frozenset[str] | None
    pair: tuple[Node, Node] | None
    intervals: Mapping[str, tuple[float, float]]
    looked_at: int
    edits: int
    joint_edits: int = 0


Method: TypeAlias = Callable[[Table, JointDeltas | None], Finding]


def searching(algorithm: Algorithm, racing: bool = False) -> Method:
    """A search; without racing it measures every attribute that it looks at on all images."""
    return functools.partial(_search, Rules(algorithm, BEAM, DELTA, ALPHA, racing=racing))


def _search(rules: Rules, table: Table, joint: JointDeltas | None) -> Finding:
    counted = _Counted(table)
    trace = search(table.corpus, counted, rules)
    finding = _finding(table, trace, counted.edits(trace), None if rules.algorithm == "paper" else joint)
    if rules.algorithm != "paper":
        return finding
    # the paper knows neither tests nor intervals, and its search no pairs: its two best count as one
    kept = frozenset(one.id for one in trace.ranking if one.status == "kept")
    return dataclasses.replace(finding, reported=kept, pair=best_two(finding.effects, table), intervals={})


def best_two(effects: Mapping[str, float], table: Table) -> tuple[Node, Node] | None:
    """The two strongest values or groups of different roots, for a method that never tries two at once."""
    ids = list(effects)
    second = next((id for id in ids if id.partition("/")[0] != ids[0].partition("/")[0]), None)
    return None if second is None else (table.corpus.node(ids[0]), table.corpus.node(second))


class _Counted:
    """A table that remembers how often it was asked."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._asked: Counter[str] = Counter()
        self.images, self.order = table.images, table.order

    def measure(self, requests: Sequence[Request]) -> Mapping[str, NDArray[np.float64]]:
        """See :attr:`diffex_cli.search.algorithm.contest.Panel.measure`."""
        self._asked.update({id: len(images) for id, images in requests})
        return self._table.measure(requests)

    def edits(self, trace: Trace) -> int:
        """Of all that was evaluated, and of looks below groups that led to nothing: those of others are used again."""
        evaluated = {one.id: len(self.images) if one.standing is None else one.standing.images for one in trace.ranking}
        return sum({**self._asked, **evaluated}.values())


def _finding(table: Table, trace: Trace, edits: int, joint: JointDeltas | None) -> Finding:
    known = [one for one in trace.ranking if one.effect.n]
    intervals = {}
    for one in known:
        estimate = mean_interval(one.effect.deltas)
        if not math.isnan(estimate.low):
            intervals[one.id] = (estimate.low, estimate.high)
    pair, joint_edits = None, 0
    if joint is not None:
        pair, joint_edits = _best_pair(trace, joint)
    return Finding(
        effects={one.id: one.effect.effect for one in known},
        signed=True,
        reported=_reported(trace, len(table.images)),
        pair=pair,
        intervals=intervals,
        looked_at=sum(not one.node.placebo for one in trace.ranking),
        edits=edits,
        joint_edits=joint_edits,
    )


def _reported(trace: Trace, images: int) -> frozenset[str]:
    """What is kept and beyond chance after correction for all that was looked at."""
    kept = {one.id for one in trace.ranking if one.status == "kept"}
    tried = Tried(
        deltas={one.id: one.effect.deltas for one in trace.ranking},
        placebos={one.id for one in trace.ranking if one.node.placebo},
        kept=kept,
        early={one.id for one in trace.ranking if one.standing is not None and one.standing.images < images},
    )
    verdict = significance_of(tried, delta=DELTA)
    return frozenset(id for id in kept if verdict.significant(id))


def _best_pair(trace: Trace, joint: JointDeltas) -> tuple[tuple[Node, Node] | None, int]:
    """The strongest of the pairs that the joint phase tries, and how many edits it takes."""
    edits = 0

    def evaluate(candidates: Sequence[Candidate]) -> list[NDArray[np.float64]]:
        nonlocal edits
        answers = [joint(candidate) for candidate in candidates]
        edits += sum(int((~np.isnan(values)).sum()) for values in answers)
        return answers

    rules = Rules(beam=BEAM, delta=DELTA)
    tried = joint_search(partners(trace.ranking, rules), evaluate, 2, rules)
    if not tried:
        return None, edits
    first, second = tried[0].parts
    return (first.node, second.node), edits
