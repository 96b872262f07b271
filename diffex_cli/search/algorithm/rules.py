"""Who of a level may be in the beam, and who of the beam is part of the explanation: where the algorithms differ."""

from __future__ import annotations

import dataclasses
import math

from diffex_cli.core.hierarchy import Node
from diffex_cli.search.algorithm.contest import NOTHING_EDITED, Standing
from diffex_cli.search.algorithm.trace import Algorithm, Evaluation
from diffex_cli.search.statistics.influence import Effect
from diffex_cli.search.statistics.multiplicity import beyond_parent_p


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
    """Where the three algorithms differ, given B, δ and the error of the test of a child."""

    algorithm: Algorithm
    beam: int
    delta: float
    alpha: float | None

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
        return self.not_above_parent(scored) if judged_by_influence else None

    def truncates(self, depth: int) -> bool:
        """Only B may be in the beam at this depth."""
        return self.algorithm == "beam" or (self.algorithm == "paper" and depth == 0)

    def shortfall(self, scored: Scored) -> str | None:
        """Why a member of the beam is no part of the explanation."""
        if not scored.effect.n:
            return NOTHING_EDITED
        if scored.effect.influence < self.delta:
            return f"influence {scored.effect.influence:.3g} is below δ = {self.delta:g}"
        return None if self.algorithm == "exhaustive" else self.not_above_parent(scored)

    def not_above_parent(self, scored: Scored) -> str | None:
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
