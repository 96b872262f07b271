"""Two or more finished runs side by side: what they were, what they found, where they disagree."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from diffex_cli.errors import UsageError
from diffex_cli.search.comparison import RankingComparison, compare_rankings
from diffex_cli.search.vocabulary import CorpusComparison, compare_names
from diffex_cli.stages.finished import Facts, FinishedRun, read_finished


@dataclasses.dataclass(frozen=True, slots=True)
class Distinction:
    """One thing in which two runs differ.

    Attributes:
        what: e.g. ``"classifier"``.
        first: as the first run has it, for people.
        second: as the second has it.
    """

    what: str
    first: str
    second: str


@dataclasses.dataclass(frozen=True, slots=True)
class Comparison:
    """One run against the reference.

    Attributes:
        first: the reference's directory.
        second: the other's.
        distinctions: in what they differ, apart from what they found.
        shared_images: how many input images both have.
        cautions: sentences about what the figures do not mean.
        rankings: what the two found.
        corpora: the names of their attributes.
    """

    first: Path
    second: Path
    distinctions: tuple[Distinction, ...]
    shared_images: int
    cautions: tuple[str, ...]
    rankings: RankingComparison
    corpora: CorpusComparison


@dataclasses.dataclass(frozen=True, slots=True)
class RunFacts:
    """A run's directory, and what it searched."""

    run: Path
    facts: Facts


@dataclasses.dataclass(frozen=True, slots=True)
class CompareSummary:
    """What ``diffex compare`` tells.

    Attributes:
        runs: all of them, the reference first.
        top: k of nDCG@k.
        comparisons: each other run against the reference, in the order given.
        warnings: sentences about files that were left out.
    """

    runs: tuple[RunFacts, ...]
    top: int
    comparisons: tuple[Comparison, ...]
    warnings: tuple[str, ...]


def compare(paths: Sequence[Path], top: int = 5) -> CompareSummary:
    """Compare runs with the first of them. No model is loaded and nothing is written.

    Args:
        paths: run directories, at least two, each once.
        top: k of nDCG@k, ≥ 1.

    Raises:
        IncompleteError: a run has no ranking yet.
        UsageError: fewer than two runs, one twice, or one that cannot be read.
    """
    if len(paths) < 2:
        raise UsageError("`diffex compare` needs at least two run directories: name another RUN")
    places = [path.resolve() for path in paths]
    twice = next((path for path, place in zip(paths, places, strict=True) if places.count(place) > 1), None)
    if twice is not None:
        raise UsageError(f"the run {twice} is named twice: name each RUN once")
    reference, *others = (read_finished(path) for path in paths)
    return CompareSummary(
        runs=tuple(RunFacts(run.path, run.facts) for run in (reference, *others)),
        top=top,
        comparisons=tuple(_compare(reference, other, top) for other in others),
        warnings=tuple(warning for run in (reference, *others) for warning in run.warnings),
    )


def _compare(first: FinishedRun, second: FinishedRun, top: int) -> Comparison:
    shared = len(set(first.images) & set(second.images))
    distinctions = tuple(_distinctions(first, second, shared))
    return Comparison(
        first=first.path,
        second=second.path,
        distinctions=distinctions,
        shared_images=shared,
        cautions=tuple(_cautions(first, second, {one.what for one in distinctions})),
        rankings=compare_rankings(first.measurements.values(), second.measurements.values(), top),
        corpora=compare_names(
            [node.name for node in first.corpus.walk()], [node.name for node in second.corpus.walk()]
        ),
    )


def _distinctions(first: FinishedRun, second: FinishedRun, shared: int) -> list[Distinction]:
    a, b = first.facts, second.facts
    found = []
    for what in ("classifier", "editor"):
        specs, prints = (getattr(a, what), getattr(b, what)), [getattr(one, f"{what}_fingerprint") for one in (a, b)]
        if specs[0] != specs[1]:
            found.append(Distinction(what, *specs))
        elif prints[0] != prints[1]:
            found.append(Distinction(what, *(f"{specs[0]} (fingerprint {one[:12]})" for one in prints)))
    if a.corpus != b.corpus:
        found.append(
            Distinction("corpus", *(f"{one.attributes} attributes (digest {one.corpus[:12]})" for one in (a, b)))
        )
    if set(first.images) != set(second.images):
        found.append(Distinction("images", *(f"{len(run.images)}, {shared} shared" for run in (first, second))))
    for what in ("target", "seed", "algorithm", "beam", "delta", "max_depth"):
        values = getattr(a, what), getattr(b, what)
        if values[0] != values[1]:
            found.append(Distinction(what, *("none" if value is None else str(value) for value in values)))
    return found


def _cautions(first: FinishedRun, second: FinishedRun, differ: set[str]) -> list[str]:
    found = []
    if "target" in differ:
        found.append("The runs explain different classes, so their effects are on different logits.")
    if "classifier" in differ:
        found.append("Logits of different classifiers may have different scales: compare ranks before effects.")
    reworded = _reworded(first, second)
    if reworded:
        names = ", ".join(reworded[:5]) + (" and others" if len(reworded) > 5 else "")
        found.append(f"Of the attributes with the same id, {len(reworded)} have other prompts or settings: {names}.")
    return found


def _reworded(first: FinishedRun, second: FinishedRun) -> list[str]:
    """Ids that both corpora have and that ask the editor for different things."""
    ours = {node.id: node.candidate for node in first.corpus.walk()}
    theirs = {node.id: node.candidate for node in second.corpus.walk()}
    return [id for id in ours if id in theirs and ours[id] != theirs[id]]
