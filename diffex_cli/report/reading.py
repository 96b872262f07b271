"""A finished run as a report shows it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias, TypeVar

from diffex_cli.artifacts.finished_search import Measured
from diffex_cli.artifacts.review import read_review
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.artifacts.search_document import ScreeningRecord, Tried, TriedSet
from diffex_cli.artifacts.verifier_test import read_test
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate
from diffex_cli.core.registry import short_spec
from diffex_cli.core.settings import Settings
from diffex_cli.measure.looking import own_classes
from diffex_cli.measure.reviewed import as_taken
from diffex_cli.measure.saturation import saturation
from diffex_cli.measure.targets import Value, explained
from diffex_cli.report.claims import with_claims
from diffex_cli.report.data import Evidence, Floor, Level, Pair, Part, ReportData, Setting, Shot, Step
from diffex_cli.report.finished import FinishedRun, read_finished
from diffex_cli.report.leaks import Attributes, Leak, Made, besides
from diffex_cli.report.verifier_trust import Trust
from diffex_cli.verifiers.attributes import CLASS


def read_report_data(path: Path, target: str | None = None, measured: Measured | None = None) -> ReportData:
    """What :func:`report_data` gives, of what :func:`~diffex_cli.report.finished.read_finished` finds."""
    return report_data(read_finished(path, target=target, measured=measured))


def report_data(run: FinishedRun, settings: Settings | None = None) -> ReportData:
    """Everything that a report on the last search shows.

    Args:
        settings: as resolved, to be shown with the rest; ``None`` shows none.

    Raises:
        IncompleteError: there is no ranking yet.
        UsageError: a file cannot be read, or an input image is another picture.
    """
    run.run.check_inputs()
    rows, search, evidence = run.ranking, run.search, _evidence(run)
    floor = search.floor
    return ReportData(
        domain=run.corpus.domain,
        target=search.target,
        classifier=search.classifier.spec,
        name=search.name or "",
        editor=search.editor.spec,
        delta=search.delta,
        n_images=search.searched,
        corpus=run.corpus,
        rows=with_claims(rows, search.delta),
        pairs=_all_pairs(run),
        levels=tuple(Level(level.depth + 1, tuple(map(_step, level.candidates))) for level in search.levels),
        settings=() if settings is None else _settings(settings, search.provenance.get("settings")),
        provenance=_provenance(run),
        warnings=tuple(_warnings(run)),
        created=str(search.provenance.get("created") or ""),
        scale=search.scale,
        n_held_out=len(search.held_out),
        floor=None if floor.value is None else Floor(floor.value, floor.source, floor.arms, floor.n),
        detectable=_number(search.detectable.effect),
        corrected_for=search.corrected_for,
        corrected_for_sets=search.corrected_for_sets,
        best_joint=search.best_joint,
        screening="" if search.screening is None else _screening(search.screening),
        parts={one.candidate: _parts(one) for one in search.joint},
        evidence=evidence,
        region=_spec(search.region),
        keep_region=_spec(search.keep_region),
        search=search.id,
        verified=None if "verifier" in search.unsaid else search.verifier is not None,
        trust=_trust(run),
        also_changed=also_changed(run),
        own_class=_own_class(run),
        protect=search.protect,
    )


def _trust(run: FinishedRun) -> Trust | None:
    verifier = run.search.verifier
    if verifier is None:
        return None
    home, fingerprint = run.run.path, verifier.fingerprint
    review = read_review(home, fingerprint)
    taken = None if review is None else as_taken(review, run.calibration)
    return Trust(verifier.spec, read_test(home, fingerprint), taken)


_T = TypeVar("_T")
_Before: TypeAlias = tuple[Mapping[str, Shot], Mapping[str, Shot]]
"""Image key → the original, and its reconstruction as far as there is one."""


class _ByCandidate(Mapping[str, _T]):
    """What is known of each candidate, made when it is first asked for: a few sentences need a few of a thousand."""

    def __init__(self, candidates: Mapping[str, Candidate], make: Callable[[str, Candidate], _T]) -> None:
        self._candidates = candidates
        self._make = make
        self._made: dict[str, _T] = {}

    def __getitem__(self, id: str) -> _T:
        if id not in self._made:
            self._made[id] = self._make(id, self._candidates[id])
        return self._made[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._candidates)

    def __len__(self) -> int:
        return len(self._candidates)


def _all_pairs(run: FinishedRun) -> Mapping[str, tuple[Pair, ...]]:
    targets = {row.candidate: row.target for row in run.ranking}

    @functools.cache
    def before(target: str) -> _Before:
        originals = _shots(run, {key: (image.file, key) for key, image in run.searched.items()}, target)
        return originals, _edited(run, RECONSTRUCTION, target)

    def pairs(id: str, one: Candidate) -> tuple[Pair, ...]:
        target = targets[id]
        return tuple(_pairs(run, one, target, before(target)))

    return _ByCandidate(run.candidates, pairs)


def _pairs(run: FinishedRun, candidate: Candidate, target: str, before: _Before) -> Iterator[Pair]:
    originals, reconstructions = before
    for image, edited in _edited(run, candidate, target).items():
        base = reconstructions.get(image)
        delta = math.nan if base is None else edited.value - base.value
        yield Pair(image=image, original=originals[image], edited=edited, delta=delta, reconstruction=base)


def _edited(run: FinishedRun, candidate: Candidate, target: str) -> dict[str, Shot]:
    """Image key → the edited picture, of those that have one."""
    rows = ((image, run.edit(image, candidate)) for image in run.searched)
    return _shots(run, {image: (row.file, row.edit) for image, row in rows if row and row.file}, target)


def _shots(run: FinishedRun, pictures: Mapping[str, tuple[str, str]], target: str) -> dict[str, Shot]:
    """Image key → file and subject of a picture of it, as they are shown."""
    told = run.outcomes({subject: image for image, (_, subject) in pictures.items()}, target)
    return {image: _shot(run, file, told[subject]) for image, (file, subject) in pictures.items()}


def _shot(run: FinishedRun, file: str, found: Value | None) -> Shot:
    path = run.path / file
    if found is None:
        return Shot(path, math.nan, math.nan)
    return Shot(path, found.on(run.search.scale), found.probability, found.score)


def _evidence(run: FinishedRun) -> Evidence:
    def edits(_: str, one: Candidate) -> dict[str, EditRow]:
        found = ((image, run.edit(image, one)) for image in run.searched)
        return {image: edit for image, edit in found if edit is not None}

    lost: dict[str, set[str]] = {}
    for row in run.measured.values():
        if row.class_lost:
            lost.setdefault(row.candidate, set()).add(row.image)
    return Evidence(
        images=run.searched,
        edits=_ByCandidate({"": RECONSTRUCTION, **run.candidates}, edits),
        scores=run.scores,
        class_lost={id: frozenset(images) for id, images in lost.items()},
    )


def _own_class(run: FinishedRun) -> str:
    classes = set(own_classes(run.searched, run.search.target).values())
    return classes.pop().removeprefix(CLASS) if len(classes) == 1 else ""


def also_changed(run: FinishedRun) -> Mapping[str, tuple[Leak, ...]]:
    """Candidate id → all that was read in its edits beside what they were asked for; nothing without a verifier."""
    if run.search.verifier is None:
        return {}
    attributes = Attributes(
        {node.id: node.name for node in run.nodes.values()}, run.search.exclusive, run.search.protect
    )

    def of(id: str, _: Candidate) -> tuple[Leak, ...]:
        measured = [row for image in run.searched if (row := run.measured.get((id, image))) and not row.shown]
        edits = [(edit.candidate, row.image, edit.edit) for row in measured if (edit := run.edits.get(row.edit))]
        keys = [Made(candidate, run.key(image, RECONSTRUCTION), edit) for candidate, image, edit in edits]
        return besides(keys, run.readings, attributes, run.calibration)

    return _ByCandidate(run.candidates, of)


def _provenance(run: FinishedRun) -> dict[str, Mapping[str, object]]:
    stages = run.run.recorded().get("stages", {})
    found = {name: used.get("provenance") or {} for name, used in stages.items()}
    return {**found, "search": run.search.provenance}


def _warnings(run: FinishedRun) -> Iterator[str]:
    may_have_failed = any(row.status == "failed" for row in run.edits.values())
    yield from run.run.warnings
    yield from run.unusable
    if warning := run.calibration.warning:
        yield warning
    asked = (RECONSTRUCTION, *run.candidates.values()) if may_have_failed else ()
    found = [run.edit(image, one) for one in asked for image in run.images]
    rows = [row for row in found if row is not None]
    failed = [row for row in rows if row.status == "failed"]
    if failed:
        yield f"{len(failed)} of {len(rows)} edits failed and are left out (such as: {failed[0].reason})"
    originals = [run.scores[image] for image in run.images if image in run.scores]
    if originals:
        yield from saturation(explained(run.search.target, originals[0].labels), originals, run.search.scale)
    if len(run.candidates) < len(run.ranking):
        yield "corpus.yaml or the images changed after the search: run `diffex search` again"


def _settings(settings: Settings, searched: object) -> tuple[Setting, ...]:
    """The settings as the search used them, where it recorded them: those of now may have come after it."""
    used = searched if isinstance(searched, dict) else {}
    return tuple(
        Setting(name, value, settings.origins.get(name, ""))
        if used.get(name, value) == value
        else Setting(name, used[name], "search.yaml")
        for name, value in settings.values().items()
    )


def _step(one: Tried) -> Step:
    return Step(
        candidate=one.candidate,
        name=one.name or one.candidate,
        status=one.status,
        reason=one.reason,
        parent=one.parent,
        expanded=one.expanded,
        effect=_number(one.effect),
        low=_number(one.low),
        high=_number(one.high),
        reach=_number(one.reach),
        n=one.n,
    )


def _parts(joint: TriedSet) -> tuple[Part, ...]:
    """A set's attributes, in the order of what they do alone on its images."""
    return tuple(Part(id, _number(effect)) for id, effect in zip(joint.parts, joint.singles, strict=False))


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _spec(region: str | None) -> str:
    return "" if region in (None, "none") else short_spec(str(region))


def _screening(recorded: ScreeningRecord) -> str:
    left_out = sum(not one.survived for one in recorded.candidates)
    return (
        f"A screening with {recorded.editor.spec} ({recorded.edits} edits) looked at {len(recorded.candidates)} "
        f"attributes first and left out {left_out} of them."
    )
