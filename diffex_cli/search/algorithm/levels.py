"""One level of the tree search as a contest: who of its nodes goes on, by racing or within a budget."""

from __future__ import annotations

import math
from collections.abc import Sequence

from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.search.algorithm.contest import Entrant, Outcome, Panel
from diffex_cli.search.algorithm.halving import halve
from diffex_cli.search.algorithm.racing import FIRST, race
from diffex_cli.search.algorithm.rules import Rules


def race_level(
    frontier: Sequence[tuple[Node, float | None]], panel: Panel, rules: Rules, max_edits: int | None = None
) -> Outcome:
    """Decide one level by the rules of :mod:`~diffex_cli.search.algorithm.algorithms`, with fewer edits.

    ``beam``: groups compete by reach, leaves by influence, a leaf below the root has to exceed its parent's influence
    (with a test of the child, only if it acts in the same direction), and the best B stay. ``paper``: all compete by
    influence; of the roots the best B with I ≥ δ stay, of the other nodes all that exceed their parent.
    ``exhaustive``: those with I ≥ δ stay; it expands what is dropped as well, so that racing saves edits but also
    changes what the figures of dropped nodes rest on.

    What stays was measured on every image (unless a budget forbids), so that it can be compared with its children. A
    level with fewer than 2·B nodes for B places is measured as a whole.

    Args:
        frontier: the level's nodes, each with its parent's signed effect on all images; ``None`` for a root.
        rules: δ is also the difference that is not worth an edit.
        max_edits: the level's budget, spent by sequential halving; ``None`` for racing.

    Returns:
        every node of the level under its candidate's id; ``kept`` means that it is in the beam, whether it becomes part
        of the explanation is the search's to say.
    """
    entrants = [_entrant(node, parent, rules) for node, parent in frontier]
    keep = rules.places(roots=all(parent is None for _, parent in frontier))
    if max_edits is not None:
        return halve(entrants, panel.order, panel.measure, keep=keep, max_edits=max_edits)
    # among fewer than two rivals a place, racing was measured to save less than a tenth, at the price of many rounds
    hopeless = keep is not None and len(entrants) < 2 * keep
    first = max(len(panel.order), FIRST) if hopeless else FIRST
    return race(entrants, panel.order, panel.measure, keep=keep, epsilon=rules.delta, first=first)


def level_budget(corpus: Corpus, depth: int, max_depth: int | None, remaining: int) -> int:
    """The share of a search's remaining edits that the level at hand may spend.

    What a level leaves unspent is left to the deeper ones, so that the whole never exceeds the budget.
    """
    levels = height(corpus.roots) if max_depth is None else min(height(corpus.roots), max_depth + 1)
    return remaining // max(levels - depth, 1)


def height(nodes: Sequence[Node]) -> int:
    """How many levels there are from these nodes down."""
    return 1 + max(height(node.children) for node in nodes) if nodes else 0


def _entrant(node: Node, parent: float | None, rules: Rules) -> Entrant:
    # the noise floor is made of what placebos do on all images
    id, delta, whole = node.candidate.id, rules.delta, node.placebo
    influence = None if parent is None else abs(parent)
    if rules.algorithm == "paper":
        return Entrant(id, delta if parent is None else 0.0, parent=influence, whole=whole)
    if rules.algorithm == "exhaustive":
        return Entrant(id, delta, whole=whole)
    if node.children:
        return Entrant(id, delta, "reach", whole=whole)
    against = math.copysign(1.0, parent) if rules.alpha is not None and parent else 0.0
    return Entrant(id, delta, parent=influence, against=against, whole=whole)
