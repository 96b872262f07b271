"""Two or more finished runs side by side: what they were, what they found, where they disagree."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.comparison.differences import CorpusComparison, RankingComparison, compare_names, compare_rankings
from diffex_cli.core.errors import UsageError
from diffex_cli.report.finished import Facts, FinishedRun, read_finished


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
    for what in ("target", "scale", "seed", "algorithm", "beam", "delta", "max_depth"):
        values = getattr(a, what), getattr(b, what)
        if values[0] != values[1]:
            found.append(Distinction(what, *("none" if value is None else str(value) for value in values)))
    directions = _direction(first), _direction(second)
    if directions[0] != directions[1]:
        found.append(Distinction("direction", *directions))
    if _searched(first) != _searched(second) and a.held_out != b.held_out:
        found.append(Distinction("holdout", *_holdouts(first, second)))
    return found


def _direction(run: FinishedRun) -> str:
    """``--direction`` of the search; files of earlier versions lack it, and then it did as the corpus says."""
    return str(RunDirectory(run.path).search().get("direction") or "corpus")


def _searched(run: FinishedRun) -> frozenset[str]:
    """The images that the ranking's effects are of."""
    return frozenset(run.images) - run.facts.held_out


def _holdouts(first: FinishedRun, second: FinishedRun) -> Iterator[str]:
    """How many images each run held out, and of which images its effects therefore are."""
    shared = len(_searched(first) & _searched(second))
    for run in (first, second):
        held = len(run.facts.held_out)
        told = f"{held} of {len(run.images)} images held out" if held else "none"
        yield f"{told} ({shared} of the {len(_searched(run))} searched are shared)"


def _cautions(first: FinishedRun, second: FinishedRun, differ: set[str]) -> list[str]:
    found = []
    if "target" in differ:
        found.append("The runs explain different classes, so their effects are on different logits.")
    if "scale" in differ:
        found.append(
            "One run measures changes of the logit, the other of the probability: compare ranks, not effects; "
            "their differences mean nothing."
        )
    if "holdout" in differ:
        found.append("The runs held out different images, so their effects are not of the same ones.")
    if "direction" in differ:
        found.append("The runs add and remove different attributes: what only one of them did is not compared.")
    if "editor" in differ:
        found.append("What differs may be the editors' doing rather than the classifier's.")
    if "classifier" in differ:
        found.append("Logits of different classifiers may have different scales: compare ranks before effects.")
    moved = _of_other_classes(first, second) if "target" not in differ else ()
    if moved:
        names = ", ".join(moved[:5]) + (" and others" if len(moved) > 5 else "")
        found.append(
            f"Each attribute is shown for the class that it moves most, and for {len(moved)} this is another class in "
            f"each run, so their differences mean nothing: {names}."
        )
    reworded = _reworded(first, second)
    if reworded:
        names = ", ".join(reworded[:5]) + (" and others" if len(reworded) > 5 else "")
        found.append(f"Of the attributes with the same id, {len(reworded)} have other prompts or settings: {names}.")
    return found


def _of_other_classes(first: FinishedRun, second: FinishedRun) -> tuple[str, ...]:
    """Ids of the candidates that both ranked, for different classes; there are none unless ``all`` were explained."""
    ours = {row.candidate: row.target for row in first.ranking}
    return tuple(row.candidate for row in second.ranking if ours.get(row.candidate, row.target) != row.target)


def _reworded(first: FinishedRun, second: FinishedRun) -> list[str]:
    """Ids that both corpora have and that ask the editor for different things."""
    ours = {node.id: node.candidate for node in first.corpus.walk()}
    theirs = {node.id: node.candidate for node in second.corpus.walk()}
    return [id for id in ours if id in theirs and ours[id] != theirs[id]]
