"""Judging a run on the embedded birds against the exact influences."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path

from diffex_cli.artifacts.consent import Consent
from diffex_cli.artifacts.finished_search import FinishedSearch
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.birds.truth import Agreement, TruthRow, agreement, exact_effects
from diffex_cli.core.settings import SEARCH_ORIGIN


@dataclasses.dataclass(frozen=True, slots=True)
class TruthReport:
    """The truth, and how a run's ranking compares.

    Attributes:
        found: candidate → effect in the run's ranking, best first, where one is known; empty without a run.
    """

    classifier: str
    rows: tuple[TruthRow, ...]
    found: Mapping[str, float]
    agreement: Agreement | None


def truth_of_run(
    run: Path | None, classifier: str | None, target: str | None, consent: Consent | None = None
) -> TruthReport:
    """Measure the truth, on a run's images, classifier and target or else on all samples.

    Args:
        classifier: a spec; used without a run, and then required.
        target: a label; used without a run.
        consent: to opening the run's classifier; ``None`` for what was noted earlier.

    Raises:
        IncompleteError: the run has no ranking yet.
        UsageError: an image of the run is not one of the embedded birds.
    """
    if run is None:
        assert classifier is not None
        return TruthReport(classifier, tuple(exact_effects(classifier, target)), {}, None)
    finished = FinishedSearch(RunDirectory(run))
    search = finished.search
    found = {row.candidate: row.effect for row in finished.ranking if math.isfinite(row.effect)}
    spec = search.classifier.spec
    (consent or Consent(run)).check("classifier", spec, run / SEARCH_ORIGIN)
    rows = exact_effects(spec, search.target, list(finished.images), search.groups)
    return TruthReport(spec, tuple(rows), found, agreement(rows, found, search.delta))
