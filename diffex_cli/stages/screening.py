"""The screening of a search: the hierarchy searched with a cheaper editor first."""

from __future__ import annotations

import dataclasses

from diffex_cli.core.hierarchy import Corpus
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import Settings
from diffex_cli.search.algorithms import Trace
from diffex_cli.search.screening import survivors
from diffex_cli.stages.bench import Bench
from diffex_cli.stages.budget import Budget
from diffex_cli.stages.evaluation import Evaluator
from diffex_cli.stages.tree import search_tree


@dataclasses.dataclass(frozen=True, slots=True)
class Screening:
    """What a screening found.

    Attributes:
        editor: the cheaper editor's spec.
        fingerprint: its fingerprint.
        evaluator: what measured with it.
        edits: how many edits it took.
        trace: its search.
        corpus: what is left to search with the real editor.
    """

    editor: str
    fingerprint: str
    evaluator: Evaluator
    edits: int
    trace: Trace
    corpus: Corpus

    @property
    def survivors(self) -> frozenset[str]:
        """The ids of the candidates that are left to search."""
        return frozenset(node.candidate.id for node in self.corpus.walk())

    @property
    def measured(self) -> frozenset[str]:
        """The ids of all candidates that it has a figure of: what corrected p-values have to count."""
        return frozenset(one.id for one in self.trace.ranking if one.effect.n)

    @property
    def summary(self) -> ScreeningSummary:
        """The same in figures."""
        looked_at = {one.id for one in self.trace.ranking}
        return ScreeningSummary(self.editor, self.edits, len(looked_at), len(looked_at - self.survivors))


@dataclasses.dataclass(frozen=True, slots=True)
class ScreeningSummary:
    """A screening in figures.

    Attributes:
        editor: the cheaper editor's spec.
        edits: how many of the search's edits are by it.
        screened: how many attributes it looked at.
        left_out: how many of those the real editor did not look at.
    """

    editor: str
    edits: int
    screened: int
    left_out: int

    @property
    def sentence(self) -> str:
        """The same for people."""
        return (
            f"Screened with {self.editor}: {self.edits} of the edits are by it, and {self.left_out} of the "
            f"{self.screened} attributes that it looked at were left out. All other figures are the real editor's."
        )


def screen(bench: Bench, evaluator: Evaluator, limit: Budget, settings: Settings, progress: Progress) -> Screening:
    """Search the whole hierarchy with the cheaper editor, and let go of its model.

    Args:
        bench: with that editor.
        evaluator: with that editor's edits.
        limit: what it may cost.
        settings: the rules.
        progress: hears of each level.

    Raises:
        IncompleteError: edits or scores are missing and are not to be made here.
    """
    trace = search_tree(evaluator.corpus, evaluator, limit, settings, progress, "screening, ")
    bench.release()
    return Screening(
        editor=bench.settings.editor,
        fingerprint=bench.editor_fingerprint,
        evaluator=evaluator,
        edits=evaluator.fetcher.asked,
        trace=trace,
        corpus=survivors(evaluator.corpus, trace),
    )
