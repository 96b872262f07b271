"""The searches that are compared, each on the same table of effects, with the edits that it would have asked for."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.truth.table import Table
from diffex_cli.core.hierarchy import Candidate, Node
from diffex_cli.search.algorithm.algorithms import Algorithm, Trace, search
from diffex_cli.search.algorithm.contest import Outcome, Request
from diffex_cli.search.algorithm.joint import joint_search, partners
from diffex_cli.search.algorithm.levels import race_level
from diffex_cli.search.algorithm.panel import panel_order
from diffex_cli.search.algorithm.probing import PROBE_IMAGES
from diffex_cli.search.statistics.intervals import mean_interval
from diffex_cli.search.statistics.verdict import ALPHA, significance_of

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


def full(algorithm: Algorithm) -> Method:
    """A search that measures every attribute it looks at on all images."""
    return functools.partial(_full, algorithm)


def raced(table: Table, joint: JointDeltas | None) -> Finding:
    """``beam`` with racing."""
    order = panel_order(table.images, table.strata)
    edits = 0

    def measure(requests: Sequence[Request]) -> Mapping[str, NDArray[np.float64]]:
        return {id: table.deltas[id][list(images)] for id, images in requests}

    def race(frontier: Sequence[tuple[Node, float | None]], depth: int) -> Outcome:
        nonlocal edits
        outcome = race_level(frontier, order, measure, algorithm="beam", beam=BEAM, delta=DELTA, signed=True)
        edits += outcome.edits
        return outcome

    probe = _Probe(table)
    trace = search(
        table.corpus,
        _evaluator(table),
        algorithm="beam",
        beam=BEAM,
        delta=DELTA,
        alpha=ALPHA,
        race=race,
        probe=probe,
    )
    return _finding(table, trace, edits + probe.edits(trace), joint)


def _full(algorithm: Algorithm, table: Table, joint: JointDeltas | None) -> Finding:
    probe = _Probe(table)
    trace = search(
        table.corpus, _evaluator(table), algorithm=algorithm, beam=BEAM, delta=DELTA, alpha=ALPHA, probe=probe
    )
    edits = len(trace.ranking) * len(table.images) + probe.edits(trace)
    finding = _finding(table, trace, edits, None if algorithm == "paper" else joint)
    if algorithm != "paper":
        return finding
    # the paper knows neither tests nor intervals, and its search no pairs: its two best count as one
    kept = frozenset(one.id for one in trace.ranking if one.status == "kept")
    return dataclasses.replace(finding, reported=kept, pair=best_two(finding.effects, table), intervals={})


def best_two(effects: Mapping[str, float], table: Table) -> tuple[Node, Node] | None:
    """The two strongest values or groups of different roots, for a method that never tries two at once."""
    ids = list(effects)
    second = next((id for id in ids if id.partition("/")[0] != ids[0].partition("/")[0]), None)
    return None if second is None else (table.corpus.node(ids[0]), table.corpus.node(second))


class _Probe:
    """Answers a search's looks below groups, and counts the edits."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._images = list(panel_order(table.images, table.strata)[:PROBE_IMAGES])
        self._probed: set[str] = set()

    def __call__(self, nodes: Sequence[Node]) -> list[NDArray[np.float64]]:
        self._probed.update(node.candidate.id for node in nodes)
        return [self._table.deltas[node.candidate.id][self._images] for node in nodes]

    def edits(self, trace: Trace) -> int:
        """Of what was not evaluated afterwards: those edits are used again."""
        return len(self._images) * len(self._probed - {one.id for one in trace.ranking})


def _evaluator(table: Table) -> Callable[[Sequence[Node]], Sequence[NDArray[np.float64]]]:
    return lambda nodes: [table.deltas[node.candidate.id] for node in nodes]


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
    verdict = significance_of(
        {one.id: one.effect.deltas for one in trace.ranking},
        placebos={one.id for one in trace.ranking if one.node.placebo},
        kept=kept,
        early={one.id for one in trace.ranking if one.standing is not None and one.standing.images < images},
        delta=DELTA,
    )
    return frozenset(id for id in kept if verdict.significant(id))


def _best_pair(trace: Trace, joint: JointDeltas) -> tuple[tuple[Node, Node] | None, int]:
    """The strongest of the pairs that the joint phase tries, and how many edits it takes."""
    edits = 0

    def evaluate(candidates: Sequence[Candidate]) -> list[NDArray[np.float64]]:
        nonlocal edits
        answers = [joint(candidate) for candidate in candidates]
        edits += sum(int((~np.isnan(values)).sum()) for values in answers)
        return answers

    singles = partners(trace.ranking, BEAM, DELTA)
    tried = joint_search(singles, evaluate, size=2, beam=BEAM, delta=DELTA)
    if not tried:
        return None, edits
    first, second = tried[0].parts
    return (first.node, second.node), edits
