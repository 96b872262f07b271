"""What a search expects of itself, level by level, so that people see how far it is and how long it will take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from diffex_cli.core.hierarchy import Node
from diffex_cli.core.progress import Progress
from diffex_cli.measure.session import Session
from diffex_cli.measure.telling import edits_ahead
from diffex_cli.search.algorithm.levels import height
from diffex_cli.search.algorithm.trace import Level
from diffex_cli.search.budget import Budget
from diffex_cli.search.evaluation import Evaluator
from diffex_cli.search.expectation import ahead


class Outlook:
    """Tells the session's forecast what is before the search, and people how it goes.

    Args:
        roots: of the hierarchy that is searched.
        name: what the phases begin with.
        afterwards: work that comes after this search, by another editor.
    """

    def __init__(
        self,
        session: Session,
        evaluator: Evaluator,
        limit: Budget,
        progress: Progress,
        roots: Sequence[Node],
        name: str = "",
        afterwards: Mapping[str, float] | None = None,
    ) -> None:
        self._session, self._limit, self._progress = session, limit, progress
        self._name, self._afterwards = name, afterwards or {}
        self._images, self._held_out = len(evaluator.images), len(evaluator.held_out)
        deepest = session.settings.max_depth
        self._levels = height(roots) if deepest is None else min(height(roots), deepest + 1)

    def level(self, depth: int, nodes: Sequence[Node]) -> None:
        """The search has come to these nodes, all that it will look at of their level; the roots' is 0."""
        if not nodes:
            return
        settings = self._session.settings
        found = ahead(nodes, depth, settings, self._images, 0 if self._afterwards else self._held_out)
        now, later = found.level, found.later
        if self._limit.left is not None:
            now = min(now, self._limit.left)
            later = min(later, self._limit.left - now)
        phase = f"{self._name}level {depth + 1} of at most {self._levels}"
        self._expect(phase, now, later, in_steps=settings.racing or settings.max_edits is not None)

    def searched(self, level: Level) -> None:
        """A level was decided."""
        kept = sum(one.status == "kept" for one in level.evaluations)
        found = f"{len(level.evaluations)} attributes, {kept} kept"
        self._progress.note(f"{self._name}level {level.depth + 1}: {found}")
        below = [child for one in level.evaluations if one.expanded for child in one.node.children]
        if below:
            self.level(level.depth + 1, below)

    def last(self, phase: str) -> None:
        """The hierarchy is done; what comes now will be known when it starts."""
        self._expect(phase, 0, 0)

    def _expect(self, phase: str, now: float, later: float, in_steps: bool = False) -> None:
        after = edits_ahead(self._session, later, scored=True)
        for kind, amount in self._afterwards.items():
            after[kind] = after.get(kind, 0.0) + amount
        work = edits_ahead(self._session, now, scored=True)
        self._session.forecast.expect(phase, work, after, self._progress, in_steps)
