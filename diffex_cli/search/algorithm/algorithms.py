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

With a ``probe``, ``beam`` looks below the groups that it would discard, as long as there are places in the beam
(:mod:`~diffex_cli.search.algorithm.probing`), and follows those with a child that matters.

I(child) > I(parent) has no margin for noise: in simulation it accepts half of the children that add nothing. And it is
blind to direction: a child that raises the logit by 0.5 below a group that lowers it by 0.6 is news. With an error
probability ``alpha``, ``beam`` demands instead that a paired one-sided test on shared images says that the child goes
beyond its parent in its own direction, and I(child) > I(parent) only where both act in the same one.

With a ``race``, a level is decided by measuring every node on as few images as that needs
(:mod:`~diffex_cli.search.algorithm.levels`), and only what the race keeps is judged by the rules above.

No algorithm evaluates a node twice, and no result depends on the order of siblings or images. What
``paper`` evaluates can only grow with a larger B or a smaller δ. That of ``beam`` does so down to the
second level (with a probe only with a larger B), but not further: what a wider beam finds there can crowd out what a
narrow one kept.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, get_args

from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.search.algorithm.contest import Outcome
from diffex_cli.search.algorithm.probing import Probe, probe_below
from diffex_cli.search.algorithm.rules import Rules, Scored
from diffex_cli.search.algorithm.trace import Algorithm, Evaluate, Evaluation, Level, Status, Trace, order
from diffex_cli.search.statistics.influence import Effect

__all__ = ["Algorithm", "Evaluate", "Evaluation", "Level", "RaceLevel", "Status", "Trace", "search"]

RaceLevel: TypeAlias = Callable[[Sequence[tuple[Node, float | None]], int], Outcome]
"""Nodes, their ids replaced by their candidates', each with its parent's signed effect (``None`` for a root), and
the depth → who of them is in the beam, as of :func:`~diffex_cli.search.algorithm.levels.race_level`."""


def search(
    corpus: Corpus,
    evaluate: Evaluate,
    *,
    algorithm: Algorithm = "beam",
    beam: int = 5,
    delta: float = 0.1,
    max_depth: int | None = None,
    alpha: float | None = None,
    race: RaceLevel | None = None,
    probe: Evaluate | None = None,
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
        alpha: error probability, in (0, 1), of the test that a child exceeds its parent, with ``beam``; ``None``: its
            figure decides.
        race: called once a level in the place of ``evaluate``; ``None`` to evaluate every node on all images.
        probe: as ``evaluate``, but on a few images, for ``beam``; called at most once a level. ``None`` to discard
            groups without a look below them.
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
    if alpha is not None and not 0 < alpha < 1:
        raise ValueError(f"alpha {alpha} in (0, 1) must hold")
    rules = Rules(algorithm, beam, delta, alpha)
    levels: list[Level] = []
    frontier: list[tuple[Node, Evaluation | None]] = [(root, None) for root in corpus.roots]
    while frontier:
        depth = len(levels)
        scored = _measured(frontier, evaluate) if race is None else _raced(frontier, race, depth)
        level = Level(depth, _decide(scored, rules, depth, last=depth == max_depth, probe=probe))
        levels.append(level)
        if on_level is not None:
            on_level(level)
        expanded = {evaluation.id: evaluation for evaluation in level.evaluations if evaluation.expanded}
        frontier = [(child, expanded[one.id]) for one in scored if one.id in expanded for child in one.node.children]
    return Trace(algorithm, beam, delta, max_depth, tuple(levels))


def _measured(frontier: Sequence[tuple[Node, Evaluation | None]], evaluate: Evaluate) -> list[Scored]:
    deltas = evaluate([node for node, _ in frontier])
    return [
        Scored(node, parent, Effect(node.candidate.id, values))
        for (node, parent), values in zip(frontier, deltas, strict=True)
    ]


def _raced(frontier: Sequence[tuple[Node, Evaluation | None]], race: RaceLevel, depth: int) -> list[Scored]:
    entrants = [
        (dataclasses.replace(node, id=node.candidate.id), None if parent is None else parent.effect.effect)
        for node, parent in frontier
    ]
    outcome = race(entrants, depth)
    scored = []
    for node, parent in frontier:
        standing = outcome[node.candidate.id]
        scored.append(Scored(node, parent, Effect(node.candidate.id, standing.deltas), standing))
    return scored


def _decide(
    scored: Sequence[Scored], rules: Rules, depth: int, last: bool, probe: Evaluate | None
) -> tuple[Evaluation, ...]:
    """Who of one level is in the beam, kept and expanded."""
    ranked = sorted(scored, key=lambda one: order(rules.promise(one), one.id))
    objections = _objections(ranked, rules, depth)
    probes = {} if last or probe is None else _probed(ranked, objections, rules, probe)
    evaluations = []
    for one in ranked:
        objection = objections[one.id]
        shortfall = objection or rules.shortfall(one)
        below = probes.get(one.id)
        expanded = (objection is None or below is not None) and bool(one.node.children) and not last
        if below is not None:
            reason = f"{shortfall}; followed for {below.child!r}, which moves {below.n} images by {below.reach:.3g}"
        elif shortfall is None:
            reason = f"influence {one.effect.influence:.3g}"
        elif expanded and rules.algorithm == "beam":
            reason = f"{shortfall}; followed for its reach of {one.effect.reach:.3g}"
        else:
            reason = shortfall
        evaluations.append(
            Evaluation(
                node=one.node,
                depth=depth,
                parent=None if one.parent is None else one.parent.id,
                effect=one.effect,
                status="kept" if shortfall is None else "dropped",
                expanded=expanded,
                reason=reason,
                standing=one.standing,
            )
        )
    return tuple(evaluations)


def _objections(ranked: Sequence[Scored], rules: Rules, depth: int) -> dict[str, str | None]:
    """By candidate, why it is not in the beam; the most promising come first."""
    objections: dict[str, str | None] = {}
    places = 0
    for one in ranked:
        objection = rules.objection(one)
        if objection is None:
            places += 1
            if rules.truncates(depth) and places > rules.beam:
                objection = f"beyond the beam of {rules.beam}"
        objections[one.id] = objection
    return objections


def _probed(
    ranked: Sequence[Scored], objections: Mapping[str, str | None], rules: Rules, probe: Evaluate
) -> Mapping[str, Probe]:
    """The groups that get the places that are left in the beam."""
    if rules.algorithm != "beam":
        return {}
    free = rules.beam - sum(objection is None for objection in objections.values())
    discarded = [one.node for one in ranked if objections[one.id] is not None and one.effect.n]
    groups = [node for node in discarded if node.children and not node.placebo]
    return probe_below(groups, probe, delta=rules.delta, places=free)
