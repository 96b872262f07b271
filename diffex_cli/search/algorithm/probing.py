"""A look below a group before it is discarded: at what is known of its members, or at its children on a few images.

A vague group ("body features") may change next to nothing although one of its children does: its words leave it to the
editor which of them to draw, and what an attribute does may show on few images only. So a group that would be
discarded while there is a place left in the beam is followed if one of its children moves a few images. On the embedded
birds, with a perfect editor, two children were too few to look at: the one that matters is as often the third.

A group that is measured by its members has the same weakness for another reason: one member that matters is diluted by
all that do not. But each of them was edited on some images already, and is looked at there, which costs nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffex_cli.core.hierarchy import Node
from diffex_cli.search.algorithm.contest import Panel, measured
from diffex_cli.search.algorithm.rules import Rules
from diffex_cli.search.statistics.influence import Effect, order

FEW = 3
"""On so many images at least, every member of a group has to be known to stand for it."""

Below: TypeAlias = Callable[[Node], Sequence[tuple[Node, NDArray[np.float64]]]]
"""A group → its members, and the changes of each on the images that it was edited on, as far as that is known without
another edit; nothing of a group that is edited with its own words."""


@dataclasses.dataclass(frozen=True, slots=True)
class Probe:
    """The strongest child or member of a group: its name, and the mean of its |Δ| on n images."""

    child: str
    reach: float
    n: int


def probe_below(groups: Sequence[Node], panel: Panel, rules: Rules, places: int, below: Below) -> Mapping[str, Probe]:
    """Find the groups that have a child worth following, one with a reach of δ.

    Args:
        panel: asked once at most; not without groups or places.

    Returns:
        the candidate ids of those to follow, those with the largest reach below them first.
    """
    if places < 1 or not groups or not rules.probe:
        return {}
    known = {group.candidate.id: _effects(below(group)) for group in groups}
    unknown = [group for group in groups if not _enough(known[group.candidate.id])]
    few = panel.order[: rules.probe]
    asked = [(child.candidate.id, few) for group in unknown for child in group.children]
    answers = measured(panel.measure, asked) if asked else {}
    for group in unknown:
        known[group.candidate.id] = _effects((child, answers[child.candidate.id]) for child in group.children)
    found = {}
    for id, effects in known.items():
        strongest, effect = min(effects, key=lambda one: order(one[1].reach, one[1].candidate_id))
        if effect.reach >= rules.delta:
            found[id] = Probe(strongest, effect.reach, effect.n)
    ranked = sorted(found, key=lambda id: order(found[id].reach, id))
    return {id: found[id] for id in ranked[:places]}


def _effects(changes: Iterable[tuple[Node, NDArray[np.float64]]]) -> list[tuple[str, Effect]]:
    return [(node.name, Effect(node.candidate.id, deltas)) for node, deltas in changes]


def _enough(effects: Sequence[tuple[str, Effect]]) -> bool:
    return bool(effects) and min(effect.n for _, effect in effects) >= FEW
