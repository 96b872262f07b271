"""A look below a group before it is discarded: its children on a few images.

A vague group ("body features") may change next to nothing although one of its children does: its words leave it to the
editor which of them to draw, and what an attribute does may show on few images only. So a group that would be
discarded while there is a place left in the beam is followed if one of its children moves a few images. On the embedded
birds, with a perfect editor, two children were too few to look at: the one that matters is as often the third.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from diffex_cli.core.hierarchy import Node
from diffex_cli.search.algorithm.contest import Panel, measured
from diffex_cli.search.algorithm.rules import Rules
from diffex_cli.search.statistics.influence import Effect, order


@dataclasses.dataclass(frozen=True, slots=True)
class Probe:
    """The strongest child of a group: its name, and the mean of its |Δ| on n images."""

    child: str
    reach: float
    n: int


def probe_below(groups: Sequence[Node], panel: Panel, rules: Rules, places: int) -> Mapping[str, Probe]:
    """Find the groups that have a child worth following, one with a reach of δ.

    Args:
        panel: asked once; not without groups or places.

    Returns:
        the candidate ids of those to follow, those with the largest reach below them first.
    """
    if places < 1 or not groups or not rules.probe:
        return {}
    few = panel.order[: rules.probe]
    answers = measured(panel.measure, [(child.candidate.id, few) for group in groups for child in group.children])
    found = {}
    for group in groups:
        effects = [(child, Effect(child.candidate.id, answers[child.candidate.id])) for child in group.children]
        strongest, effect = min(effects, key=lambda one: order(one[1].reach, one[1].candidate_id))
        if effect.reach >= rules.delta:
            found[group.candidate.id] = Probe(strongest.name, effect.reach, effect.n)
    ranked = sorted(found, key=lambda id: order(found[id].reach, id))
    return {id: found[id] for id in ranked[:places]}
