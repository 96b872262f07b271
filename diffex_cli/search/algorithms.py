"""The search for the attributes that matter: Algorithm 1 of the paper and its two neighbours.

``paper``
    Algorithm 1 literally. Of the roots, the B most influential with I ≥ δ go on; of every node that
    goes on, every child with I(child) > I(parent) goes on, however many those are. Expanding a
    candidate by a sub-feature is read as replacing the group by its finer member, since the coarse
    words would otherwise blur the fine ones.

``beam`` (the default)
    Truncated to B at *every* level, and fair to groups. A coarse attribute may move half of the images
    up and half down, so that its mean, and with it its influence, is about nothing although its children
    matter. A group is therefore judged by its *reach*, the mean of |Δ|; a leaf, below which nothing is
    left to find, by its influence. That figure is the node's *promise*. At each level those with
    promise ≥ δ compete, except leaves below the root that do not exceed their parent's influence; the
    B most promising form the beam, and the groups among them are expanded. A member of the beam is
    *kept* as part of the explanation if it also satisfies the paper's conditions, I ≥ δ and (below the
    root) I > I(parent); a group that does not is only *followed*, for the sake of its children.

``exhaustive``
    Every node is evaluated and expanded; kept are those with I ≥ δ.

No algorithm evaluates a node twice, and no result depends on the order of siblings or images. What
``paper`` evaluates can only grow with a larger B or a smaller δ. That of ``beam`` does so down to the
second level, but not further: what a wider beam finds there can crowd out what a narrow one kept.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from diffex_cli.corpus.hierarchy import Corpus, Node
from diffex_cli.search.influence import Effect

Algorithm: TypeAlias = Literal["beam", "paper", "exhaustive"]
Status: TypeAlias = Literal["kept", "dropped"]
Evaluate: TypeAlias = Callable[[Sequence[Node]], Sequence[NDArray[np.float64]]]
"""Nodes → for each the deltas as in :class:`Effect`."""

_NOTHING_EDITED = "no image could be edited"


@dataclasses.dataclass(frozen=True, slots=True)
class Evaluation:
    """One node that the search looked at, and what it decided.

    Attributes:
        node: the attribute.
        depth: 0 for a root.
        parent: the parent's id; ``None`` for a root.
        effect: what the attribute does.
        status: ``kept`` as part of the explanation, or ``dropped``.
        expanded: its children were evaluated.
        reason: why, for people to read.
    """

    node: Node
    depth: int
    parent: str | None
    effect: Effect
    status: Status
    expanded: bool
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Level:
    """All nodes evaluated at one depth, the most promising first."""

    depth: int
    evaluations: tuple[Evaluation, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Trace:
    """What the search did, level by level, with the parameters that it was given."""

    algorithm: Algorithm
    beam: int
    delta: float
    max_depth: int | None
    levels: tuple[Level, ...]

    @property
    def ranking(self) -> tuple[Evaluation, ...]:
        """All evaluated nodes, the most influential first; ties by id, those without any successful
        edit last."""
        evaluations = [evaluation for level in self.levels for evaluation in level.evaluations]
        return tuple(sorted(evaluations, key=lambda one: _order(one.effect.influence, one.node.id)))

    @property
    def best(self) -> Evaluation | None:
        """The most influential kept node (line 18 of Algorithm 1); ``None`` if none is kept."""
        return next((evaluation for evaluation in self.ranking if evaluation.status == "kept"), None)


@dataclasses.dataclass(frozen=True, slots=True)
class _Scored:
    """A node of the level at hand, evaluated but not yet decided on."""

    node: Node
    parent: Evaluation | None
    effect: Effect


@dataclasses.dataclass(frozen=True, slots=True)
class _Rules:
    """Where the three algorithms differ, given B and δ."""

    algorithm: Algorithm
    beam: int
    delta: float

    def promise(self, scored: _Scored) -> float:
        """What the node is ordered and filtered by, in logits."""
        follows_reach = self.algorithm == "beam" and scored.node.children
        return scored.effect.reach if follows_reach else scored.effect.influence

    def objection(self, scored: _Scored) -> str | None:
        """Why the node cannot be in the beam, whoever else competes."""
        if self.algorithm == "exhaustive":
            return None
        if not scored.effect.n:
            return _NOTHING_EDITED
        literal_child = self.algorithm == "paper" and scored.parent is not None
        if not literal_child and self.promise(scored) < self.delta:
            figure = "reach" if scored.node.children and self.algorithm == "beam" else "influence"
            return f"{figure} {self.promise(scored):.3g} is below δ = {self.delta:g}"
        judged_by_influence = self.algorithm == "paper" or not scored.node.children
        return _not_above_parent(scored) if judged_by_influence else None

    def truncates(self, depth: int) -> bool:
        return self.algorithm == "beam" or (self.algorithm == "paper" and depth == 0)

    def shortfall(self, scored: _Scored) -> str | None:
        """Why a member of the beam is no part of the explanation."""
        if not scored.effect.n:
            return _NOTHING_EDITED
        if scored.effect.influence < self.delta:
            return f"influence {scored.effect.influence:.3g} is below δ = {self.delta:g}"
        return None if self.algorithm == "exhaustive" else _not_above_parent(scored)


def search(
    corpus: Corpus,
    evaluate: Evaluate,
    *,
    algorithm: Algorithm = "beam",
    beam: int = 5,
    delta: float = 0.1,
    max_depth: int | None = None,
    on_level: Callable[[Level], None] | None = None,
) -> Trace:
    """Search a hierarchy, level by level, for the attributes that move the target's logit.

    Args:
        corpus: the hierarchy, H.
        evaluate: called once a level with all nodes needed there, in the order of the corpus; returns
            for each, in the same order, the Δ logits of shape (n_images,), NaN where an edit failed.
            What it raises ends the search.
        algorithm: see the module.
        beam: B, how many nodes a level go on; ≥ 1.
        delta: δ, the least influence that counts, in logits; finite, ≥ 0.
        max_depth: the deepest level to evaluate, the roots being 0; ``None`` for all.
        on_level: called with each level as soon as it is decided.

    Returns:
        what was evaluated, in levels, with what became of each node.

    Raises:
        ValueError: a parameter is out of its range, or ``evaluate`` returned a wrong number of arrays.

    Source: the paper's Algorithm 1, Eq. 1 and 2.
    """
    if algorithm not in get_args(Algorithm):
        raise ValueError(f"there is no search algorithm {algorithm!r}")
    if beam < 1 or not math.isfinite(delta) or delta < 0 or (max_depth is not None and max_depth < 0):
        raise ValueError(f"beam {beam} ≥ 1, delta {delta} ≥ 0 and max_depth {max_depth} ≥ 0 must hold")
    rules = _Rules(algorithm, beam, delta)
    levels: list[Level] = []
    frontier: list[tuple[Node, Evaluation | None]] = [(root, None) for root in corpus.roots]
    while frontier:
        depth = len(levels)
        deltas = evaluate([node for node, _ in frontier])
        scored = [
            _Scored(node, parent, Effect(node.candidate.id, delta_logits))
            for (node, parent), delta_logits in zip(frontier, deltas, strict=True)
        ]
        level = Level(depth, _decide(scored, rules, depth, last=depth == max_depth))
        levels.append(level)
        if on_level is not None:
            on_level(level)
        expanded = {evaluation.node.id: evaluation for evaluation in level.evaluations if evaluation.expanded}
        frontier = [
            (child, expanded[one.node.id]) for one in scored if one.node.id in expanded for child in one.node.children
        ]
    return Trace(algorithm, beam, delta, max_depth, tuple(levels))


def _decide(scored: Sequence[_Scored], rules: _Rules, depth: int, last: bool) -> tuple[Evaluation, ...]:
    """Who of one level is in the beam, kept and expanded."""
    evaluations = []
    places = 0
    for one in sorted(scored, key=lambda one: _order(rules.promise(one), one.node.id)):
        objection = rules.objection(one)
        if objection is None:
            places += 1
            if rules.truncates(depth) and places > rules.beam:
                objection = f"beyond the beam of {rules.beam}"
        shortfall = objection or rules.shortfall(one)
        expanded = objection is None and bool(one.node.children) and not last
        if shortfall is None:
            reason = f"influence {one.effect.influence:.3g}"
        elif expanded and rules.algorithm == "beam":
            reason = f"{shortfall}; followed for its reach of {one.effect.reach:.3g}"
        else:
            reason = shortfall
        evaluations.append(
            Evaluation(
                node=one.node,
                depth=depth,
                parent=None if one.parent is None else one.parent.node.id,
                effect=one.effect,
                status="kept" if shortfall is None else "dropped",
                expanded=expanded,
                reason=reason,
            )
        )
    return tuple(evaluations)


def _not_above_parent(scored: _Scored) -> str | None:
    if scored.parent is None:
        return None
    own, parents = scored.effect.influence, scored.parent.effect.influence
    return None if own > parents else f"influence {own:.3g} does not exceed its parent's {parents:.3g}"


def _order(value: float, id: str) -> tuple[bool, float, str]:
    """Sort key: large before small, then by id; NaN last."""
    return (math.isnan(value), 0.0 if math.isnan(value) else -value, id)
