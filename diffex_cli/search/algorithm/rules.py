"""Who of a level may be in the beam, and who of the beam is part of the explanation: where the algorithms differ."""

from __future__ import annotations

import dataclasses
import math
from typing import get_args

from diffex_cli.core.hierarchy import Node
from diffex_cli.search.algorithm.contest import NOTHING_EDITED, Standing
from diffex_cli.search.algorithm.trace import Algorithm, Evaluation
from diffex_cli.search.statistics.influence import Effect
from diffex_cli.search.statistics.multiplicity import beyond_parent_p

PROBE_IMAGES = 6
"""As many images, the first of the panel's order, see every child of a group before it is discarded."""


@dataclasses.dataclass(frozen=True, slots=True)
class Scored:
    """A node of the level at hand, evaluated but not yet decided on."""

    node: Node
    parent: Evaluation | None
    effect: Effect
    standing: Standing | None = None

    @property
    def id(self) -> str:
        """The candidate's id."""
        return self.effect.candidate_id


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """What a search decides by.

    Attributes:
        beam: B, how many nodes a level go on; ≥ 1.
        delta: δ, the least influence that counts, in logits; finite, ≥ 0.
        alpha: error probability, in (0, 1), of the test that a child exceeds its parent, with ``beam``; ``None``: its
            figure decides.
        max_depth: the deepest level to evaluate, the roots being 0; ``None`` for all.
        racing: measure every node on as few images as deciding the level needs.
        probe: on how many images ``beam`` looks below a group before it discards it; 0 for no look.
    """

    algorithm: Algorithm = "beam"
    beam: int = 5
    delta: float = 0.1
    alpha: float | None = None
    max_depth: int | None = None
    racing: bool = False
    probe: int = PROBE_IMAGES

    def __post_init__(self) -> None:
        if self.algorithm not in get_args(Algorithm):
            raise ValueError(f"there is no search algorithm {self.algorithm!r}")
        if self.beam < 1 or not 0 <= self.delta < math.inf or (self.max_depth is not None and self.max_depth < 0):
            raise ValueError(f"beam {self.beam} ≥ 1, delta {self.delta} ≥ 0, max_depth {self.max_depth} ≥ 0 must hold")
        if self.alpha is not None and not 0 < self.alpha < 1:
            raise ValueError(f"alpha {self.alpha} in (0, 1) must hold")

    def promise(self, scored: Scored) -> float:
        """What the node is ordered and filtered by, in logits."""
        follows_reach = self.algorithm == "beam" and scored.node.children
        return scored.effect.reach if follows_reach else scored.effect.influence

    def objection(self, scored: Scored) -> str | None:
        """Why the node cannot be in the beam, whoever else competes."""
        if scored.standing is not None and scored.standing.status == "dropped":
            return scored.standing.reason
        if self.algorithm == "exhaustive":
            return None
        if not scored.effect.n:
            return NOTHING_EDITED
        literal_child = self.algorithm == "paper" and scored.parent is not None
        if not literal_child and self.promise(scored) < self.delta:
            figure = "reach" if scored.node.children and self.algorithm == "beam" else "influence"
            return f"{figure} {self.promise(scored):.3g} is below δ = {self.delta:g}"
        judged_by_influence = self.algorithm == "paper" or not scored.node.children
        return self._not_above_parent(scored) if judged_by_influence else None

    def places(self, roots: bool) -> int | None:
        """How many may be in the beam of a level; ``None`` for all."""
        return self.beam if self.algorithm == "beam" or (self.algorithm == "paper" and roots) else None

    def shortfall(self, scored: Scored) -> str | None:
        """Why a member of the beam is no part of the explanation."""
        if not scored.effect.n:
            return NOTHING_EDITED
        if scored.effect.influence < self.delta:
            return f"influence {scored.effect.influence:.3g} is below δ = {self.delta:g}"
        return None if self.algorithm == "exhaustive" else self._not_above_parent(scored)

    def _not_above_parent(self, scored: Scored) -> str | None:
        """How a child falls short of its parent, if it does."""
        if scored.parent is None:
            return None
        own, parents = scored.effect, scored.parent.effect
        tested = self.algorithm == "beam" and self.alpha is not None
        p = beyond_parent_p(own.deltas, parents.deltas) if tested else math.nan
        # NaN, of no test or of fewer than two shared images: the figures decide
        opposite = own.effect * parents.effect < 0 and not math.isnan(p)
        if not opposite and not own.influence > parents.influence:
            return f"influence {own.influence:.3g} does not exceed its parent's {parents.influence:.3g}"
        if self.alpha is None or not p > self.alpha:
            return None
        found = (
            f"effect {own.effect:+.3g} is opposite to its parent's {parents.effect:+.3g}"
            if opposite
            else f"influence {own.influence:.3g} exceeds its parent's {parents.influence:.3g}"
        )
        return f"{found}, but not beyond chance (p = {p:.2g})"
