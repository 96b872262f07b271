"""Asking language models for hierarchies: the cost, the progress, and what to tell afterwards."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import Settings
from diffex_cli.corpus.generation.asking import Asker
from diffex_cli.corpus.generation.draft import Draft
from diffex_cli.corpus.generation.engine import CorpusOptions, Grown, grow
from diffex_cli.corpus.generation.grounding import Index
from diffex_cli.language_models.base import LanguageModel, Picture
from diffex_cli.language_models.costs import Ledger
from diffex_cli.language_models.kept_answers import Answers
from diffex_cli.language_models.rehearsal import Estimate, Rehearsal


@dataclasses.dataclass(frozen=True, slots=True)
class Spending:
    """What a hierarchy took.

    Attributes:
        questions: how many were answered now.
        kept: how many were answered before.
        unanswered: how many have no answer, or were not put because of the limit on the cost.
        input_tokens: of this time, wrong answers included.
        output_tokens: the same.
        cached_tokens: those of ``input_tokens`` that the provider had kept.
        cost: of this time, in US dollars; ``None`` if a model's prices are not known.
        complete: nothing is left to ask.
    """

    questions: int
    kept: int
    unanswered: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: float | None
    complete: bool


class Conversation:
    """Several conversations with language models, with one limit on what they cost together.

    Args:
        settings: as resolved.
        folder: where answers are kept.
        rehearse: count the questions instead of asking them.
    """

    def __init__(self, settings: Settings, folder: Path, rehearse: bool = False) -> None:
        self._settings = settings
        self._answers = Answers(folder, write=not rehearse)
        self._rehearse = rehearse
        self._ledger = Ledger(None if rehearse else settings.max_cost)
        self._grown: list[Grown] = []
        self._rehearsals: list[Rehearsal] = []
        self.warnings: list[str] = []

    def hold(
        self,
        model: LanguageModel,
        pictures: tuple[Picture, ...],
        knowledge: Index | None,
        repetition: int,
        progress: Progress,
    ) -> Draft | None:
        """Ask one model for the whole hierarchy once.

        Args:
            model: whom.
            pictures: examples of the domain.
            knowledge: finds passages; ``None`` for none.
            repetition: which time it is that this model is asked.
            progress: hears of the questions.

        Returns:
            The hierarchy; ``None`` if not even its groups are known, or the limit on the cost was reached before.

        Raises:
            UsageError: the model cannot be asked without a change by the user.
            DiffexError: it cannot be reached.
        """
        if any(grown.over_budget for grown in self._grown):
            return None
        settings = self._settings
        if self._rehearse:
            model = Rehearsal(model, settings.breadth)
            self._rehearsals.append(model)
        wish = CorpusOptions(
            settings.domain,
            settings.depth,
            settings.breadth,
            pictures,
            knowledge,
            repetition,
            settings.parallel,
        )
        of_many = f"run {len(self._grown) + 1}, " if self._several else ""
        task = ""

        def begin(level: int, questions: int) -> None:
            nonlocal task
            task = f"{of_many}level {level + 1}"
            progress.start(task, questions)

        try:
            grown = grow(wish, Asker(model, self._answers, self._ledger), begin, lambda: progress.advance(task))
        except DiffexError:
            if self._answers.written:
                progress.note("What was answered so far is kept: the same command goes on from there.")
            raise
        self._grown.append(grown)
        self.warnings += [of_many + problem for problem in grown.problems]
        if grown.over_budget:
            if not any(each.draft.roots for each in self._grown):
                raise UsageError(
                    f"--max-cost {settings.max_cost:g} may not pay for a single question: raise it "
                    "(--dry-run estimates the cost)"
                )
            self.warnings.append(
                f"--max-cost {settings.max_cost:g} was reached: what is there is kept, and the same command with a "
                "higher limit goes on from there"
            )
        return grown.draft if grown.draft.roots else None

    @property
    def _several(self) -> bool:
        return self._settings.runs > 1 or bool(self._settings.merge)

    @property
    def spending(self) -> Spending:
        """What it took so far."""
        ledger = self._ledger
        unanswered = sum(grown.unanswered for grown in self._grown)
        return Spending(
            questions=sum(grown.asked for grown in self._grown),
            kept=sum(grown.kept for grown in self._grown),
            unanswered=unanswered,
            input_tokens=ledger.paid.input_tokens,
            output_tokens=ledger.paid.output_tokens,
            cached_tokens=ledger.paid.cached_tokens,
            cost=ledger.cost,
            complete=not unanswered and not any(grown.over_budget for grown in self._grown),
        )

    @property
    def estimate(self) -> Estimate:
        """What a rehearsal found."""
        costs = [rehearsal.cost for rehearsal in self._rehearsals]
        return Estimate(
            questions=sum(rehearsal.questions for rehearsal in self._rehearsals),
            kept=sum(grown.kept for grown in self._grown),
            input_tokens=sum(rehearsal.usage.input_tokens for rehearsal in self._rehearsals),
            output_tokens=sum(rehearsal.usage.output_tokens for rehearsal in self._rehearsals),
            cost=None if None in costs else sum(cost for cost in costs if cost is not None),
        )

    def no_answer(self) -> str:
        """A sentence for the case that no model gave a hierarchy."""
        reason = self.warnings[-1] if self.warnings else "it named no attribute"
        return f"the language model gave no usable answer ({reason}): try another model, or run the same command again"
