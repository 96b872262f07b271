"""What a search did, level by level, and what it decided about every attribute."""

from __future__ import annotations

import dataclasses
from typing import Literal, TypeAlias

from diffex_cli.core.hierarchy import Node
from diffex_cli.search.algorithm.contest import Standing
from diffex_cli.search.statistics.influence import Effect, order

Algorithm: TypeAlias = Literal["beam", "paper", "exhaustive"]
Status: TypeAlias = Literal["kept", "dropped"]


@dataclasses.dataclass(frozen=True, slots=True)
class Evaluation:
    """One node that the search looked at, and what it decided.

    Attributes:
        depth: 0 for a root.
        parent: the parent's candidate id; ``None`` for a root.
        expanded: its children were evaluated.
        standing: how it fared in the race of its level; ``None`` without one.
    """

    node: Node
    depth: int
    parent: str | None
    effect: Effect
    status: Status
    expanded: bool
    reason: str
    standing: Standing | None = None

    @property
    def id(self) -> str:
        """The candidate's id: unlike the node's, it tells adding from removing."""
        return self.effect.candidate_id


@dataclasses.dataclass(frozen=True, slots=True)
class Level:
    """All nodes evaluated at one depth, the most promising first."""

    depth: int
    evaluations: tuple[Evaluation, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Trace:
    """What the search did."""

    levels: tuple[Level, ...]

    @property
    def ranking(self) -> tuple[Evaluation, ...]:
        """All evaluated nodes, the most influential first; ties by id, those without any successful
        edit last."""
        evaluations = [evaluation for level in self.levels for evaluation in level.evaluations]
        return tuple(sorted(evaluations, key=lambda one: order(one.effect.influence, one.id)))

    @property
    def best(self) -> Evaluation | None:
        """The most influential kept node that is no placebo (line 18 of Algorithm 1); ``None`` if none is kept."""
        found = (one for one in self.ranking if one.status == "kept" and not one.node.placebo)
        return next(found, None)
