"""From attributes to their effects: what the pure search algorithm asks for, fetched from the run directory."""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import EditRow, RequestRow, instructions
from diffex_cli.candidates import RECONSTRUCTION, Candidate
from diffex_cli.corpus.hierarchy import Node
from diffex_cli.editors.base import EditRequest
from diffex_cli.errors import IncompleteError, UsageError
from diffex_cli.stages.bench import Bench
from diffex_cli.stages.editing import make_edits
from diffex_cli.stages.progress import Progress
from diffex_cli.stages.record import record
from diffex_cli.stages.scoring import Subject, make_scores, unscored

_LABELS_SHOWN = 20


class Evaluator:
    """Called by the search with the nodes of a level; answers with their Δ logits.

    Args:
        bench: where.
        progress: hears of the tasks ``edit`` and ``score``.
        fill: make what is missing; otherwise ask for it in ``requests.parquet``.
    """

    def __init__(self, bench: Bench, progress: Progress, fill: bool) -> None:
        self._bench = bench
        self._progress = progress
        self._fill = fill
        self._target: str | None = None
        self._asked: set[str] = set()
        self.made = 0
        """How many edits were made now."""

    @property
    def needed(self) -> int:
        """How many edits the search has asked for."""
        return len(self._asked)

    @property
    def edits(self) -> list[EditRow]:
        """Those of them that there are."""
        return [self._bench.edits[key] for key in self._asked if key in self._bench.edits]

    @property
    def target(self) -> str:
        """The class that is explained.

        Raises:
            UsageError: the classifier does not know it.
        """
        if self._target is None:
            self._target = choose_target(self._bench)
        return self._target

    def __call__(self, nodes: Sequence[Node]) -> list[NDArray[np.float64]]:
        """The nodes' Δ logits against the reconstruction, each of shape (n_images,), NaN where an edit failed.

        Raises:
            IncompleteError: edits or scores are missing and are not to be made here.
        """
        requests = self._bench.requests(nodes)
        missing = self._bench.missing(requests)
        self._asked.update(request.key for request in requests)
        if self._fill:
            self.made += len(make_edits(self._bench, missing, self._progress, "search"))
        subjects = self._unscored(requests)
        if self._fill:
            make_scores(self._bench, subjects, self._progress, "search")
        elif missing or subjects:
            self._ask(missing, len(subjects))
        record(self._bench.run, "search", self._bench.settings, self.target)
        return [self.deltas(node.candidate) for node in nodes]

    def deltas(self, candidate: Candidate) -> NDArray[np.float64]:
        """Logit of the target after the edit minus that of the reconstruction, for every image."""
        return self._logits(candidate) - self._logits(RECONSTRUCTION)

    def effect_original(self, candidate: Candidate) -> float:
        """The mean difference to the untouched originals instead; NaN if no edit succeeded."""
        originals = np.array([self._bench.scores[image].logit(self.target) for image in self._bench.images])
        differences = self._logits(candidate) - originals
        return float(np.nanmean(differences)) if np.isfinite(differences).any() else math.nan

    def _logits(self, candidate: Candidate) -> NDArray[np.float64]:
        rows = [self._bench.scores.get(self._bench.key(image, candidate)) for image in self._bench.images]
        return np.array([math.nan if row is None else row.logit(self.target) for row in rows])

    def _unscored(self, requests: Sequence[EditRequest]) -> list[Subject]:
        made = (self._bench.edits.get(request.key) for request in requests)
        return unscored(self._bench, [row for row in made if row is not None])

    def _ask(self, missing: Sequence[EditRequest], scores: int) -> None:
        """Write what is missing to ``requests.parquet`` and end the search for now."""
        bench = self._bench
        rows = [
            RequestRow(
                edit=request.key,
                image=request.image,
                file=bench.images[request.image].file,
                candidate=request.candidate.id,
                instructions=instructions(request.candidate),
                editor=bench.editor_fingerprint,
                seed=bench.settings.seed,
            )
            for request in missing
        ]
        settings = {"editor": bench.settings.editor, "editor_settings": bench.editor.settings}
        bench.run.write_requests(rows, provenance("search", settings))
        what = " and ".join(
            [f"{len(missing)} edits"] * bool(missing) + [f"the scores of {scores} pictures"] * bool(scores)
        )
        raise IncompleteError(f"{what} are missing: run `diffex edit --requests`, then `diffex score`, then this again")


def choose_target(bench: Bench) -> str:
    """The class to explain: the one that the settings name, else the one predicted most often on the originals
    (of several, the first in the classifier's order).

    Raises:
        UsageError: the classifier has no such class.
    """
    originals = [bench.scores[image] for image in bench.images]
    labels = originals[0].labels
    wanted = bench.settings.target
    if wanted is None:
        votes = Counter(row.prediction for row in originals)
        return max(labels, key=lambda label: votes[label])
    if wanted not in labels:
        close = difflib.get_close_matches(wanted, labels, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        shown = ", ".join(labels[:_LABELS_SHOWN])
        more = f", … ({len(labels)} in all)" if len(labels) > _LABELS_SHOWN else ""
        raise UsageError(
            f"the classifier {bench.settings.classifier} has no class {wanted!r}{hint}; --target can be: {shown}{more}"
        )
    return wanted
