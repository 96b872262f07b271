"""One level of the tree search as a contest: who of its nodes goes on, by racing or within a budget."""

from __future__ import annotations

import math
from collections.abc import Sequence

from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.search.algorithm.algorithms import Algorithm
from diffex_cli.search.algorithm.contest import Entrant, Measure, Outcome
from diffex_cli.search.algorithm.halving import halve
from diffex_cli.search.algorithm.racing import FIRST, race


def race_level(
    frontier: Sequence[tuple[Node, float | None]],
    order: Sequence[int],
    measure: Measure,
    *,
    algorithm: Algorithm,
    beam: int,
    delta: float,
    signed: bool = False,
    max_edits: int | None = None,
) -> Outcome:
    """Decide one level by the rules of :mod:`~diffex_cli.search.algorithm.algorithms`, with fewer edits.

    ``beam``: groups compete by reach, leaves by influence, a leaf below the root has to exceed its parent's influence
    (with ``signed``, only if it acts in the same direction), and the best B stay. ``paper``: all compete by
    influence; of the roots the best B with I ≥ δ stay, of the other nodes all that exceed their parent.
    ``exhaustive``: those with I ≥ δ stay; it expands what is dropped as well, so that racing saves edits but also
    changes what the figures of dropped nodes rest on.

    What stays was measured on every image (unless a budget forbids), so that it can be compared with its children. A
    level with fewer than 2·B nodes for B places is measured as a whole.

    Args:
        frontier: the level's nodes, each with its parent's signed effect on all images; ``None`` for a root.
        order: the N images' indices in the order in which every node gets them.
        measure: see :data:`~diffex_cli.search.algorithm.contest.Measure`; asked by the nodes' ids.
        algorithm: whose rules.
        beam: B, ≥ 1.
        delta: δ, in logits, ≥ 0; also the difference that is not worth an edit.
        signed: see above.
        max_edits: the level's budget, spent by sequential halving; ``None`` for racing.

    Returns:
        every node of the level under its id; ``kept`` means that it is in the beam, whether it becomes part
        of the explanation is the search's to say.

    Raises:
        ValueError: a parameter is out of its range, or ``measure`` did not answer what it was asked.
    """
    entrants = [_entrant(node, parent, algorithm, delta, signed) for node, parent in frontier]
    roots = all(parent is None for _, parent in frontier)
    keep = beam if algorithm == "beam" or (algorithm == "paper" and roots) else None
    if max_edits is not None:
        return halve(entrants, order, measure, keep=keep, max_edits=max_edits)
    # among fewer than two rivals a place, racing was measured to save less than a tenth, at the price of many rounds
    hopeless = keep is not None and len(entrants) < 2 * keep
    first = max(len(order), FIRST) if hopeless else FIRST
    return race(entrants, order, measure, keep=keep, epsilon=delta, first=first)


def level_budget(corpus: Corpus, depth: int, max_depth: int | None, remaining: int) -> int:
    """The share of a search's remaining edits that the level at hand may spend.

    What a level leaves unspent is left to the deeper ones, so that the whole never exceeds the budget.

    Args:
        corpus: the hierarchy.
        depth: the level at hand, the roots being 0.
        max_depth: the deepest level that the search may reach; ``None`` for all.
        remaining: edits that are left, ≥ 0.
    """
    levels = _height(corpus.roots) if max_depth is None else min(_height(corpus.roots), max_depth + 1)
    return remaining // max(levels - depth, 1)


def _height(nodes: Sequence[Node]) -> int:
    """How many levels there are from these nodes down."""
    return 1 + max(_height(node.children) for node in nodes) if nodes else 0


def _entrant(node: Node, parent: float | None, algorithm: Algorithm, delta: float, signed: bool) -> Entrant:
    # the noise floor is made of what placebos do on all images
    whole = node.placebo
    influence = None if parent is None else abs(parent)
    if algorithm == "paper":
        return Entrant(node.id, delta if parent is None else 0.0, parent=influence, whole=whole)
    if algorithm == "exhaustive":
        return Entrant(node.id, delta, whole=whole)
    if node.children:
        return Entrant(node.id, delta, "reach", whole=whole)
    against = math.copysign(1.0, parent) if signed and parent else 0.0
    return Entrant(node.id, delta, parent=influence, against=against, whole=whole)
