"""The search through the hierarchy, as the settings want it, with the edits of one editor."""

from __future__ import annotations

from collections.abc import Sequence

from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import Settings
from diffex_cli.search.algorithm.algorithms import Level, RaceLevel, Trace, search
from diffex_cli.search.algorithm.contest import Outcome
from diffex_cli.search.algorithm.levels import race_level
from diffex_cli.search.budget import Budget
from diffex_cli.search.evaluation import Evaluator
from diffex_cli.search.statistics.verdict import ALPHA


def search_tree(
    corpus: Corpus, evaluator: Evaluator, limit: Budget, settings: Settings, progress: Progress, phase: str = ""
) -> Trace:
    """Search a hierarchy.

    Args:
        corpus: the evaluator's, or a part of it.
        evaluator: measures.
        limit: what it may cost.
        settings: the rules.
        progress: hears of each level.
        phase: what its notes begin with.

    Raises:
        IncompleteError: edits or scores are missing and are not to be made here.
    """
    return search(
        corpus,
        evaluator,
        algorithm=settings.algorithm,
        beam=settings.beam,
        delta=settings.delta,
        max_depth=settings.max_depth,
        alpha=alpha(settings),
        race=_race(corpus, settings, evaluator, limit),
        # a budget is for what is looked at, not for what would have been left out
        probe=None if settings.max_edits else evaluator.probe,
        on_level=lambda level: progress.note(phase + _level_note(level)),
    )


def alpha(settings: Settings) -> float | None:
    """The error probability of the test that a child, or a set, exceeds what it extends; ``None`` without a test."""
    return ALPHA if settings.accept == "tested" else None


def _race(corpus: Corpus, settings: Settings, evaluator: Evaluator, limit: Budget) -> RaceLevel | None:
    if not (settings.racing or settings.max_edits):
        return None

    def race(frontier: Sequence[tuple[Node, float | None]], depth: int) -> Outcome:
        return race_level(
            frontier,
            evaluator.order,
            evaluator.measure,
            algorithm=settings.algorithm,
            beam=settings.beam,
            delta=settings.delta,
            signed=settings.accept == "tested",
            max_edits=limit.for_level(corpus, depth, settings.max_depth, evaluator.images),
        )

    return race


def _level_note(level: Level) -> str:
    kept = sum(evaluation.status == "kept" for evaluation in level.evaluations)
    return f"level {level.depth + 1}: {len(level.evaluations)} attributes, {kept} kept"
