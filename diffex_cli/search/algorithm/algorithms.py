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
    As long as there are places in the beam, it looks below the groups that it would discard
    (:mod:`~diffex_cli.search.algorithm.probing`), and follows those with a child that matters.

``exhaustive``
    Every node is evaluated and expanded; kept are those with I ≥ δ.

I(child) > I(parent) has no margin for noise: in simulation it accepts half of the children that add nothing. And it is
blind to direction: a child that raises the logit by 0.5 below a group that lowers it by 0.6 is news. With an error
probability ``alpha``, ``beam`` demands instead that a paired one-sided test on shared images says that the child goes
beyond its parent in its own direction, and I(child) > I(parent) only where both act in the same one.

With racing, or within a budget, a level is decided by measuring every node on as few images as that needs
(:mod:`~diffex_cli.search.algorithm.levels`), and only what the race keeps is judged by the rules above.

No algorithm evaluates a node twice, and no result depends on the order of siblings or images. What
``paper`` evaluates can only grow with a larger B or a smaller δ. That of ``beam`` does so down to the
second level (with a look below groups only with a larger B), but not further: what a wider beam finds there can crowd
out what a narrow one kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.search.algorithm.contest import Panel, measured
from diffex_cli.search.algorithm.levels import race_level
from diffex_cli.search.algorithm.probing import Below, Probe, probe_below
from diffex_cli.search.algorithm.rules import Rules, Scored
from diffex_cli.search.algorithm.trace import Algorithm, Evaluation, Level, Status, Trace
from diffex_cli.search.statistics.influence import Effect, order

__all__ = ["Algorithm", "Evaluation", "Level", "Panel", "Rules", "Status", "Trace", "search"]


def search(
    corpus: Corpus,
    panel: Panel,
    rules: Rules,
    *,
    budget: Callable[[int], int | None] = lambda depth: None,
    below: Below = lambda group: (),
    on_level: Callable[[Level], None] | None = None,
) -> Trace:
    """Search a hierarchy, level by level, for the attributes that move the target's logit.

    Args:
        panel: asked once a level for all nodes needed there, in the order of the corpus, and once at most for a look
            below groups; in a race once a step. What it raises ends the search.
        budget: depth → how many edits the level may take, asked before it is measured; ``None`` for no limit.
        below: what is known of a group's members without another edit.

    Source: the paper's Algorithm 1, Eq. 1 and 2.
    """
    levels: list[Level] = []
    frontier: list[tuple[Node, Evaluation | None]] = [(root, None) for root in corpus.roots]
    while frontier:
        depth = len(levels)
        max_edits = budget(depth)
        raced = rules.racing or max_edits is not None
        scored = _raced(frontier, panel, rules, max_edits) if raced else _measured(frontier, panel)
        # a budget is for what is looked at, not for what would have been left out
        level = Level(depth, _decide(scored, rules, depth, panel if max_edits is None else None, below))
        levels.append(level)
        if on_level is not None:
            on_level(level)
        expanded = {evaluation.id: evaluation for evaluation in level.evaluations if evaluation.expanded}
        frontier = [(child, expanded[one.id]) for one in scored if one.id in expanded for child in one.node.children]
    return Trace(tuple(levels))


def _measured(frontier: Sequence[tuple[Node, Evaluation | None]], panel: Panel) -> list[Scored]:
    everything = range(len(panel.images))
    deltas = measured(panel.measure, [(node.candidate.id, everything) for node, _ in frontier])
    return [Scored(node, parent, Effect(node.candidate.id, deltas[node.candidate.id])) for node, parent in frontier]


def _raced(
    frontier: Sequence[tuple[Node, Evaluation | None]], panel: Panel, rules: Rules, max_edits: int | None
) -> list[Scored]:
    entrants = [(node, None if parent is None else parent.effect.effect) for node, parent in frontier]
    outcome = race_level(entrants, panel, rules, max_edits)
    standings = [outcome[node.candidate.id] for node, _ in frontier]
    return [
        Scored(node, parent, Effect(node.candidate.id, standing.deltas), standing)
        for (node, parent), standing in zip(frontier, standings, strict=True)
    ]


def _decide(
    scored: Sequence[Scored], rules: Rules, depth: int, panel: Panel | None, below: Below
) -> tuple[Evaluation, ...]:
    """Who of one level is in the beam, kept and expanded; without a panel, there is no look below groups."""
    last = depth == rules.max_depth
    ranked = sorted(scored, key=lambda one: order(rules.promise(one), one.id))
    objections = _objections(ranked, rules, depth)
    probes = {} if last or panel is None else _probed(ranked, objections, rules, panel, below)
    evaluations = []
    for one in ranked:
        objection = objections[one.id]
        shortfall = objection or rules.shortfall(one)
        probe = probes.get(one.id)
        expanded = (objection is None or probe is not None) and bool(one.node.children) and not last
        if probe is not None:
            reason = f"{shortfall}; followed for {probe.child!r}, which moves {probe.n} images by {probe.reach:.3g}"
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
    most, taken = rules.places(roots=depth == 0), 0
    for one in ranked:
        objection = rules.objection(one)
        if objection is None:
            taken += 1
            if most is not None and taken > most:
                objection = f"beyond the beam of {most}"
        objections[one.id] = objection
    return objections


def _probed(
    ranked: Sequence[Scored], objections: Mapping[str, str | None], rules: Rules, panel: Panel, below: Below
) -> Mapping[str, Probe]:
    """The groups that get the places that are left in the beam."""
    if rules.algorithm != "beam":
        return {}
    free = rules.beam - sum(objection is None for objection in objections.values())
    discarded = [one.node for one in ranked if objections[one.id] is not None and one.effect.n]
    groups = [node for node in discarded if node.children and not node.placebo]
    return probe_below(groups, panel, rules, free, below)
