"""Asking language models for hierarchies: the cost, the progress, and what to tell afterwards."""

from __future__ import annotations

from pathlib import Path

from diffex_cli.core.errors import DiffexError
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import Settings
from diffex_cli.corpus.generation.draft import Draft
from diffex_cli.corpus.generation.engine import CorpusOptions, grow
from diffex_cli.corpus.generation.grounding import Index
from diffex_cli.language_models.asking import Asker
from diffex_cli.language_models.base import LanguageModel, Picture
from diffex_cli.language_models.rehearsal import Estimate, Rehearsal, estimated


class Conversation:
    """Several conversations with language models, with one limit on what they cost together; a rehearsal counts the
    questions instead of asking them.
    """

    def __init__(self, settings: Settings, folder: Path, rehearse: bool = False) -> None:
        self._settings = settings
        self._rehearse = rehearse
        limit = None if rehearse else settings.max_cost
        self.asker = Asker(folder, limit, settings.parallel, write=not rehearse)
        self._drafts: list[Draft] = []
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
        """Ask one model for the whole hierarchy once, the ``repetition``-th time.

        Returns:
            ``None`` if not even the groups are known, or the limit on the cost was reached before.

        Raises:
            UsageError: the model cannot be asked without a change by the user.
            DiffexError: it cannot be reached.
        """
        if self.asker.over_budget:
            return None
        settings = self._settings
        if self._rehearse:
            model = Rehearsal(model, settings.breadth)
            self._rehearsals.append(model)
        several = settings.runs > 1 or bool(settings.merge)
        of_many = f"run {len(self._drafts) + 1}, " if several else ""
        wish = CorpusOptions(settings.domain, settings.depth, settings.breadth, pictures, knowledge, repetition)
        with self.asker.noting(progress):
            grown = grow(wish, model, self.asker, progress, of_many)
        self._drafts.append(grown.draft)
        self.warnings += [of_many + problem for problem in grown.problems]
        if self.asker.over_budget:
            if not any(draft.roots for draft in self._drafts):
                raise self.no_answer()
            self.warnings.append(self.asker.limit_reached())
        return grown.draft if grown.draft.roots else None

    @property
    def estimate(self) -> Estimate:
        """What a rehearsal found."""
        return estimated(self._rehearsals, self.asker.kept)

    def no_answer(self) -> DiffexError:
        """The error for the case that no model gave a hierarchy."""
        return self.asker.nothing_usable(self.warnings[-1] if self.warnings else "it named no attribute")
