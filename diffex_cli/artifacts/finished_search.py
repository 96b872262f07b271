"""What a finished search left in its run directory: each file is read once, when it is first asked for."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping

from diffex_cli.artifacts.keys import edit_key
from diffex_cli.artifacts.rows import EditRow, InputImage, MeasuredRow, RankingRow, Scores
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.search_document import SearchDocument
from diffex_cli.core.hierarchy import Candidate, Corpus, Node, Term


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """What somebody who holds the search's editor and classifier has read of them already, or made just now; of the
    search itself, if it was there."""

    edits: Mapping[str, EditRow]
    scores: Scores
    result: tuple[SearchDocument, tuple[RankingRow, ...], tuple[MeasuredRow, ...]] | None = None


class FinishedSearch:
    """The artifacts behind a ranking.

    Everything raises :class:`IncompleteError` if its file is not there yet, and :class:`UsageError` if it cannot be
    read.

    Args:
        measured: instead of what the files say.

    Attributes:
        path: the run directory.
        result: the folder of the search's result; the same of the last search.
    """

    def __init__(self, run: RunDirectory, measured: Measured | None = None) -> None:
        self.run = run
        self.path = run.path
        self.result = run.result
        if measured is not None:
            self.edits, self.scores = measured.edits, measured.scores
            if measured.result is not None:
                self._of_one_search = measured.result

    @functools.cached_property
    def search(self) -> SearchDocument:
        """What was searched."""
        return self._of_one_search[0]

    @functools.cached_property
    def ranking(self) -> tuple[RankingRow, ...]:
        """As it was written, the most influential first."""
        return self._of_one_search[1]

    @functools.cached_property
    def _of_one_search(self) -> tuple[SearchDocument, tuple[RankingRow, ...], tuple[MeasuredRow, ...]]:
        """Read together, so that nobody shows one beside another search's."""
        search = self.run.search()
        return search, self.run.ranking(search), self.run.measured(search)

    @functools.cached_property
    def corpus(self) -> Corpus:
        """The hierarchy as it is now."""
        return self.run.corpus()

    @functools.cached_property
    def nodes(self) -> Mapping[str, Node]:
        """The hierarchy's attributes by id."""
        return {node.id: node for node in self.corpus.walk()}

    @functools.cached_property
    def images(self) -> Mapping[str, InputImage]:
        """All input images by key, in the order of the table."""
        return {image.image: image for image in self.run.images()}

    @functools.cached_property
    def searched(self) -> Mapping[str, InputImage]:
        """Those that the ranking's figures are of: not held out."""
        held_out = set(self.search.held_out)
        return {key: image for key, image in self.images.items() if key not in held_out}

    @functools.cached_property
    def edits(self) -> Mapping[str, EditRow]:
        """The editor's edits by key; this looks at the picture of each."""
        return self.run.edits(self.search.editor.fingerprint)

    @functools.cached_property
    def scores(self) -> Scores:
        """The classifier's scores by subject."""
        return self.run.scores(self.search.classifier.fingerprint)

    @functools.cached_property
    def candidates(self) -> Mapping[str, Candidate]:
        """The ranking's candidates by id; without those of which the corpus lacks an attribute by now."""
        found = ((row.candidate, self._candidate(row.candidate)) for row in self.ranking)
        return {id: candidate for id, candidate in found if candidate is not None}

    @functools.cached_property
    def measured(self) -> Mapping[tuple[str, str], MeasuredRow]:
        """Candidate id and image's key → what the search measured; empty of searches that did not record it."""
        return {(row.candidate, row.image): row for row in self._of_one_search[2]}

    def key(self, image: str, candidate: Candidate) -> str:
        """The key of the edit that stands for a candidate on an image."""
        row = self.measured.get((candidate.id, image))
        return edit_key(image, candidate, self.search.editor.fingerprint, self.search.seed) if row is None else row.edit

    def edit(self, image: str, candidate: Candidate) -> EditRow | None:
        """One of the search's edits; ``None`` if it is not there."""
        return self.edits.get(self.key(image, candidate))

    def _candidate(self, id: str) -> Candidate | None:
        terms = []
        for part in id.split(" + "):
            remove = part.startswith("-")
            node = self.nodes.get(part.removeprefix("-"))
            if node is None:
                return None
            terms.append(Term(node.id, node.prompt, remove, node.overrides, "" if remove else node.replaces))
        return Candidate(tuple(terms))
