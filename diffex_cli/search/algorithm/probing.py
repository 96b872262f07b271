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
from diffex_cli.search.algorithm.trace import Evaluate, order
from diffex_cli.search.statistics.influence import Effect

PROBE_IMAGES = 6
"""As many images, the first of the panel's order, see every child of a group."""


@dataclasses.dataclass(frozen=True, slots=True)
class Probe:
    """The strongest child of a group, on a few images.

    Attributes:
        child: its name.
        reach: the mean of its |Δ|.
        n: on how many images.
    """

    child: str
    reach: float
    n: int


def probe_below(groups: Sequence[Node], evaluate: Evaluate, *, delta: float, places: int) -> Mapping[str, Probe]:
    """Find the groups that have a child worth following.

    Args:
        groups: their order does not matter.
        evaluate: measures nodes on a few images, in one call; not called without groups or places.
        delta: δ, the least reach of a child.
        places: how many groups can be followed.

    Returns:
        the candidate ids of those to follow, those with the largest reach below them first.
    """
    if places < 1 or not groups:
        return {}
    children = [child for group in groups for child in group.children]
    answers = dict(zip([child.candidate.id for child in children], evaluate(children), strict=True))
    found = {}
    for group in groups:
        effects = [(child, Effect(child.candidate.id, answers[child.candidate.id])) for child in group.children]
        strongest, effect = min(effects, key=lambda one: order(one[1].reach, one[1].candidate_id))
        if effect.reach >= delta:
            found[group.candidate.id] = Probe(strongest.name, effect.reach, effect.n)
    ranked = sorted(found, key=lambda id: order(found[id].reach, id))
    return {id: found[id] for id in ranked[:places]}
