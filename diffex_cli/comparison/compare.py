"""Two or more finished runs side by side: what they were, what they found, where they disagree."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from diffex_cli.artifacts.keys import digest
from diffex_cli.comparison.differences import CorpusComparison, RankingComparison, compare_names, compare_rankings
from diffex_cli.core.errors import UsageError
from diffex_cli.core.settings import REGION
from diffex_cli.report.finished import FinishedRun, read_finished


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
        distinctions: in what they differ, apart from what they found.
        cautions: sentences about what the figures do not mean.
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
    """A run's directory, and what it searched: values by name, of settings those of ``search.yaml``."""

    run: Path
    facts: Mapping[str, object]


@dataclasses.dataclass(frozen=True, slots=True)
class CompareSummary:
    """What ``diffex compare`` tells.

    Attributes:
        runs: all of them, the reference first.
        comparisons: each other run against the reference, in the order given.
    """

    runs: tuple[RunFacts, ...]
    top: int
    comparisons: tuple[Comparison, ...]
    warnings: tuple[str, ...]
    finished: tuple[FinishedRun, ...]


def compare(paths: Sequence[Path], top: int = 5, target: str | None = None) -> CompareSummary:
    """Compare runs with the first of them. No model is loaded and nothing is written.

    Args:
        top: k of nDCG@k, ≥ 1.
        target: whose results; ``None`` for those of the last searches.

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
    finished = tuple(read_finished(path, target=target) for path in paths)
    reference, *others = runs = [RunFacts(run.result, _facts(run)) for run in finished]
    return CompareSummary(
        runs=tuple(runs),
        top=top,
        comparisons=tuple(
            _compare(finished[0], other, _distinctions(finished[0], other, reference.facts, told.facts), top)
            for other, told in zip(finished[1:], others, strict=True)
        ),
        warnings=tuple(warning for run in finished for warning in run.warnings),
        finished=finished,
    )


def _facts(run: FinishedRun) -> dict[str, object]:
    search, nodes = run.search, run.nodes.values()
    same = sorted((one.id, one.prompt, one.remove, one.placebo, dict(one.overrides), one.replaces) for one in nodes)
    return {
        "name": search.name,
        "classifier": search.classifier.spec,
        "classifier_fingerprint": search.classifier.fingerprint,
        "target": search.target,
        "editor": search.editor.spec,
        "editor_fingerprint": search.editor.fingerprint,
        "corpus": digest(same),
        "attributes": len(nodes),
        **{
            name: getattr(search, name)
            for name in ("images", "algorithm", "beam", "delta", "max_depth", "seed", "scale")
        },
        "held_out": sorted(search.held_out),
    }


def _compare(first: FinishedRun, second: FinishedRun, distinctions: Sequence[Distinction], top: int) -> Comparison:
    return Comparison(
        first=first.result,
        second=second.result,
        distinctions=tuple(distinctions),
        shared_images=len(_shared(first.images, second.images)),
        cautions=tuple(_cautions(first, second, {one.what for one in distinctions})),
        rankings=compare_rankings(first.measurements.values(), second.measurements.values(), top),
        corpora=compare_names(
            [node.name for node in first.corpus.walk()], [node.name for node in second.corpus.walk()]
        ),
    )


def _distinctions(
    first: FinishedRun, second: FinishedRun, a: Mapping[str, object], b: Mapping[str, object]
) -> list[Distinction]:
    found = []
    for what in ("classifier", "editor"):
        specs, prints = [one[what] for one in (a, b)], [one[f"{what}_fingerprint"] for one in (a, b)]
        if specs[0] != specs[1]:
            found.append(Distinction(what, *map(str, specs)))
        elif prints[0] != prints[1]:
            found.append(Distinction(what, *(f"{specs[0]} (fingerprint {str(one)[:12]})" for one in prints)))
    if a["corpus"] != b["corpus"]:
        told = (f"{one['attributes']} attributes (digest {str(one['corpus'])[:12]})" for one in (a, b))
        found.append(Distinction("corpus", *told))
    if first.images.keys() != second.images.keys():
        shared = len(_shared(first.images, second.images))
        found.append(Distinction("images", *(f"{len(run.images)}, {shared} shared" for run in (first, second))))
    for what in ("target", "scale", "seed", "algorithm", "beam", "delta", "max_depth"):
        if a[what] != b[what]:
            found.append(Distinction(what, *("none" if one[what] is None else str(one[what]) for one in (a, b))))
    for what in ("direction", *REGION):
        used = [getattr(run.search, what) for run in (first, second)]
        unsaid = "default" if what == "feather" else "none"
        one, other = (unsaid if value is None else str(value) for value in used)
        if one != other:
            found.append(Distinction(what, one, other))
    if first.searched.keys() != second.searched.keys() and a["held_out"] != b["held_out"]:
        found.append(Distinction("holdout", *_holdouts(first, second)))
    return found


def _shared(first: Collection[str], second: Collection[str]) -> set[str]:
    return set(first) & set(second)


def _holdouts(first: FinishedRun, second: FinishedRun) -> Iterator[str]:
    """How many images each run held out, and of which images its effects therefore are."""
    shared = len(_shared(first.searched, second.searched))
    for run in (first, second):
        held = len(run.search.held_out)
        told = f"{held} of {len(run.images)} images held out" if held else "none"
        yield f"{told} ({shared} of the {len(run.searched)} searched are shared)"


def _cautions(first: FinishedRun, second: FinishedRun, differ: set[str]) -> list[str]:
    found = []
    if "target" in differ:
        found.append("The runs explain different classes, so their effects are changes of different scores.")
    if "scale" in differ:
        found.append(
            "One run measures changes of the score, the other of the probability: compare ranks, not effects; "
            "their differences mean nothing."
        )
    if "holdout" in differ:
        found.append("The runs held out different images, so their effects are not for the same images.")
    if "direction" in differ:
        found.append("The runs add and remove different attributes: what only one of them did is not compared.")
    if "editor" in differ:
        found.append("What differs may be the editors' doing rather than the classifier's.")
    if "classifier" in differ:
        found.append("Scores of different classifiers may have different scales: compare ranks before effects.")
    moved = _of_other_classes(first, second) if "target" not in differ else ()
    if moved:
        found.append(
            f"Each attribute is shown for the class that it moves most, and for {len(moved)} this is a different class "
            f"in each run, so their differences mean nothing: {_few(moved)}."
        )
    reworded = _reworded(first, second)
    if reworded:
        told = f"Of the attributes with the same id, {len(reworded)} have other prompts or settings"
        found.append(f"{told}: {_few(reworded)}.")
    return found


def _few(ids: Sequence[str]) -> str:
    return ", ".join(ids[:5]) + (" and others" if len(ids) > 5 else "")


def _of_other_classes(first: FinishedRun, second: FinishedRun) -> tuple[str, ...]:
    """Ids of the candidates that both ranked, for different classes; there are none unless ``all`` were explained."""
    ours = {row.candidate: row.target for row in first.ranking}
    return tuple(row.candidate for row in second.ranking if ours.get(row.candidate, row.target) != row.target)


def _reworded(first: FinishedRun, second: FinishedRun) -> list[str]:
    """Ids that both corpora have and that ask the editor for different things."""
    ours, theirs = first.nodes, second.nodes
    return [id for id in ours if id in theirs and ours[id].candidate != theirs[id].candidate]
