"""A finished search as the report's data: reads the artifacts, opens no picture and no model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from diffex_cli.artifacts.keys import edit_key
from diffex_cli.artifacts.rows import EditRow, InputImage, RankingRow, ScoreRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Corpus
from diffex_cli.core.settings import Scale, Settings
from diffex_cli.report.data import Evidence, Floor, Level, Pair, Part, ReportData, Setting, Shot, Step
from diffex_cli.stages.finished import candidate_of
from diffex_cli.stages.targets import value


def report_data(run: RunDirectory, settings: Settings | None = None) -> ReportData:
    """Everything that a report on the last search shows.

    Args:
        run: a run directory that ``diffex search`` has finished.
        settings: as resolved, to be shown with the rest; ``None`` shows none.

    Raises:
        IncompleteError: there is no ranking yet.
        UsageError: a file cannot be read.
    """
    ranking = run.ranking()
    return _Material(run).data(settings, ranking)


def read_report_data(path: Path) -> ReportData:
    """The same for who only has a folder.

    Raises:
        IncompleteError: there is no ranking yet.
        UsageError: there is no such folder, or a file in it cannot be read.
    """
    if not path.is_dir():
        raise UsageError(f"there is no run directory {path}: name one that `diffex search --run` has finished")
    return report_data(RunDirectory(path))


class _Material:
    """The artifacts of the last search, loaded once."""

    def __init__(self, run: RunDirectory) -> None:
        self._run = run
        self._search = run.search()
        self._corpus: Corpus = run.corpus()
        held_out = set(self._search.get("held_out") or ())
        self._all_images: tuple[InputImage, ...] = run.images()
        self._images = tuple(image for image in self._all_images if image.image not in held_out)
        self._scale: Scale = self._search.get("scale") or "logit"
        self._edits: dict[str, EditRow] = run.edits(self._search["editor"]["fingerprint"])
        self._scores: dict[str, ScoreRow] = run.scores(self._search["classifier"]["fingerprint"])
        self._keys: dict[tuple[str, str], str] = {}
        self._before: dict[tuple[str, str], tuple[Shot, Shot | None]] = {}

    def data(self, settings: Settings | None, ranking: tuple[RankingRow, ...]) -> ReportData:
        """Everything the report shows."""
        search = self._search
        nodes = {node.id: node for node in self._corpus.walk()}
        found = ((row.candidate, candidate_of(row.candidate, nodes)) for row in ranking)
        shown = {id: candidate for id, candidate in found if candidate is not None}
        targets = {row.candidate: row.target for row in ranking}
        pairs = {id: tuple(self._pairs(candidate, targets[id])) for id, candidate in shown.items()}
        return ReportData(
            domain=self._corpus.domain,
            target=search["target"],
            classifier=search["classifier"]["spec"],
            editor=search["editor"]["spec"],
            delta=search["delta"],
            n_images=search["images"] - len(search.get("held_out") or ()),
            corpus=self._corpus,
            rows=ranking,
            pairs=pairs,
            levels=tuple(_level(level) for level in search["levels"]),
            settings=_settings(settings) if settings else (),
            provenance=self._provenance(),
            warnings=tuple(self._warnings(ranking, shown)),
            created=str(search["provenance"]["created"]),
            scale=self._scale,
            n_held_out=len(search.get("held_out") or ()),
            floor=_floor(search.get("floor") or {}),
            detectable=_number((search.get("detectable") or {}).get("effect")),
            corrected_for=search.get("corrected_for"),
            best_joint=search.get("best_joint"),
            screening=_screening(search.get("screening") or {}),
            parts={one["candidate"]: _parts(one) for one in search.get("joint") or ()},
            evidence=self._evidence(shown),
        )

    def _evidence(self, shown: Mapping[str, Candidate]) -> Evidence:
        edits = {}
        for id, candidate in {"": RECONSTRUCTION, **shown}.items():
            found = ((image.image, self._edits.get(self._key(image.image, candidate))) for image in self._images)
            edits[id] = {image: edit for image, edit in found if edit is not None}
        return Evidence({image.image: image for image in self._images}, edits, self._scores)

    def _pairs(self, candidate: Candidate, target: str) -> Iterator[Pair]:
        for image in self._images:
            edited = self._shot(image, candidate, target)
            if edited is None:
                continue
            original, base = self._unedited(image, target)
            yield Pair(
                image=image.image,
                original=original,
                edited=edited,
                delta=math.nan if base is None else edited.value - base.value,
                reconstruction=base,
            )

    def _unedited(self, image: InputImage, target: str) -> tuple[Shot, Shot | None]:
        """The original and its reconstruction, which all pairs of an image share."""
        key = image.image, target
        if key not in self._before:
            original = self._picture(image.file, image.image, image.image, target)
            self._before[key] = original, self._shot(image, RECONSTRUCTION, target)
        return self._before[key]

    def _shot(self, image: InputImage, candidate: Candidate, target: str) -> Shot | None:
        row = self._edits.get(self._key(image.image, candidate))
        if row is None or row.file is None:
            return None
        return self._picture(row.file, row.edit, image.image, target)

    def _picture(self, file: str, subject: str, image: str, target: str) -> Shot:
        row = self._scores.get(subject)
        found = None if row is None else value(row, self._scores.get(image), target)
        if found is None:
            return Shot(self._run.path / file, math.nan, math.nan)
        return Shot(self._run.path / file, found.on(self._scale), found.probability)

    def _key(self, image: str, candidate: Candidate) -> str:
        asked = image, candidate.id
        if asked not in self._keys:
            self._keys[asked] = edit_key(image, candidate, self._search["editor"]["fingerprint"], self._search["seed"])
        return self._keys[asked]

    def _provenance(self) -> dict[str, Mapping[str, object]]:
        stages = self._run.recorded().get("stages") or {}
        return {**{name: used["provenance"] for name, used in stages.items()}, "search": self._search["provenance"]}

    def _warnings(self, ranking: tuple[RankingRow, ...], shown: Mapping[str, Candidate]) -> Iterator[str]:
        yield from self._run.warnings
        keys = [self._key(image.image, one) for one in (RECONSTRUCTION, *shown.values()) for image in self._all_images]
        rows = [self._edits[key] for key in keys if key in self._edits]
        failed = [row for row in rows if row.status == "failed"]
        if failed:
            yield f"{len(failed)} of {len(rows)} edits failed and are left out (such as: {failed[0].reason})"
        if len(shown) < len(ranking):
            yield "corpus.yaml or the images changed after the search: run `diffex search` again"


def _settings(settings: Settings) -> tuple[Setting, ...]:
    return tuple(Setting(name, value, settings.origins.get(name, "")) for name, value in settings.values().items())


def _level(level: Mapping[str, Any]) -> Level:
    return Level(level["depth"] + 1, tuple(_step(one) for one in level["candidates"]))


def _step(one: Mapping[str, Any]) -> Step:
    """A candidate of the trace; what the file of an earlier version or another program lacks is unknown."""
    return Step(
        candidate=str(one["candidate"]),
        name=str(one.get("name") or one["candidate"]),
        status=str(one["status"]),
        reason=str(one.get("reason") or ""),
        parent=one.get("parent"),
        expanded=one.get("expanded"),
        **{figure: _number(one.get(figure)) for figure in ("effect", "low", "high", "reach")},
        n=one.get("n"),
    )


def _floor(recorded: Mapping[str, Any]) -> Floor | None:
    value = recorded.get("value")
    return None if value is None else Floor(float(value), str(recorded.get("source", "")), int(recorded.get("arms", 0)))


def _parts(joint: Mapping[str, Any]) -> tuple[Part, ...]:
    """A set's attributes, in the order of what they do alone on its images."""
    alone = zip(joint.get("parts") or (), joint.get("singles") or (), strict=False)
    return tuple(Part(id, _number(effect)) for id, effect in alone)


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _screening(recorded: Mapping[str, Any]) -> str:
    if not recorded:
        return ""
    candidates = recorded.get("candidates") or ()
    left_out = sum(not one.get("survived") for one in candidates)
    return (
        f"A screening with {recorded['editor']['spec']} ({recorded.get('edits', 0)} edits) looked at "
        f"{len(candidates)} attributes first and left out {left_out} of them."
    )
