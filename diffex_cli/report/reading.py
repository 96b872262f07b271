"""A finished run as a report shows it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from diffex_cli.artifacts.search_document import ScreeningRecord, Tried, TriedSet
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate
from diffex_cli.core.settings import Settings
from diffex_cli.measure.saturation import saturation
from diffex_cli.measure.targets import explained
from diffex_cli.report.claims import with_claims
from diffex_cli.report.data import Evidence, Floor, Level, Pair, Part, ReportData, Setting, Shot, Step
from diffex_cli.report.finished import FinishedRun, read_finished


def read_report_data(path: Path, target: str | None = None) -> ReportData:
    """What :func:`report_data` gives, of what :func:`~diffex_cli.report.finished.read_finished` finds."""
    return report_data(read_finished(path, target=target))


def report_data(run: FinishedRun, settings: Settings | None = None) -> ReportData:
    """Everything that a report on the last search shows.

    Args:
        settings: as resolved, to be shown with the rest; ``None`` shows none.

    Raises:
        IncompleteError: there is no ranking yet.
        UsageError: a file cannot be read.
    """
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
        search=search.id,
    )


def _all_pairs(run: FinishedRun) -> dict[str, tuple[Pair, ...]]:
    targets = {row.candidate: row.target for row in run.ranking}
    before: dict[tuple[str, str], tuple[Shot, Shot | None]] = {}
    return {id: tuple(_pairs(run, candidate, targets[id], before)) for id, candidate in run.candidates.items()}


def _pairs(
    run: FinishedRun, candidate: Candidate, target: str, before: dict[tuple[str, str], tuple[Shot, Shot | None]]
) -> Iterator[Pair]:
    """A candidate's pairs; ``before`` keeps the original and its reconstruction, which all pairs of an image share."""
    for key, image in run.searched.items():
        edited = _shot(run, key, candidate, target)
        if edited is None:
            continue
        if (key, target) not in before:
            before[key, target] = _picture(run, image.file, key, key, target), _shot(run, key, RECONSTRUCTION, target)
        original, base = before[key, target]
        delta = math.nan if base is None else edited.value - base.value
        yield Pair(image=key, original=original, edited=edited, delta=delta, reconstruction=base)


def _shot(run: FinishedRun, image: str, candidate: Candidate, target: str) -> Shot | None:
    row = run.edit(image, candidate)
    if row is None or row.file is None:
        return None
    return _picture(run, row.file, row.edit, image, target)


def _picture(run: FinishedRun, file: str, subject: str, image: str, target: str) -> Shot:
    found = run.outcome(subject, image, target)
    if found is None:
        return Shot(run.path / file, math.nan, math.nan)
    return Shot(run.path / file, found.on(run.search.scale), found.probability, found.score)


def _evidence(run: FinishedRun) -> Evidence:
    edits = {}
    for id, candidate in {"": RECONSTRUCTION, **run.candidates}.items():
        found = ((image, run.edit(image, candidate)) for image in run.searched)
        edits[id] = {image: edit for image, edit in found if edit is not None}
    return Evidence(run.searched, edits, run.scores)


def _provenance(run: FinishedRun) -> dict[str, Mapping[str, object]]:
    stages = run.run.recorded().get("stages", {})
    found = {name: used.get("provenance") or {} for name, used in stages.items()}
    return {**found, "search": run.search.provenance}


def _warnings(run: FinishedRun) -> Iterator[str]:
    yield from run.run.warnings
    yield from run.unusable
    found = [run.edit(image, one) for one in (RECONSTRUCTION, *run.candidates.values()) for image in run.images]
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


def _screening(recorded: ScreeningRecord) -> str:
    left_out = sum(not one.survived for one in recorded.candidates)
    return (
        f"A screening with {recorded.editor.spec} ({recorded.edits} edits) looked at {len(recorded.candidates)} "
        f"attributes first and left out {left_out} of them."
    )
