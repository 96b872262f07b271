"""The stage ``report``: the ranking and the pictures in, something to look at out."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from diffex_cli.artifacts.keys import edit_key
from diffex_cli.artifacts.rows import EditRow, InputImage, RankingRow, ScoreRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.candidates import RECONSTRUCTION, Candidate
from diffex_cli.corpus.hierarchy import Corpus
from diffex_cli.errors import UsageError
from diffex_cli.report.build import build
from diffex_cli.report.data import Floor, Level, Pair, Part, ReportData, Setting, Shot
from diffex_cli.settings import Scale, Settings, flag
from diffex_cli.stages import plan as plans
from diffex_cli.stages.bench import locked_bench
from diffex_cli.stages.finished import candidate_of
from diffex_cli.stages.progress import Progress
from diffex_cli.stages.record import record
from diffex_cli.stages.targets import value

_SETTINGS = (
    *("classifier", "target", "editor", "seed", "algorithm", "beam", "delta", "max_depth"),
    *("scale", "accept", "direction", "racing", "max_edits"),
)


@dataclasses.dataclass(frozen=True, slots=True)
class ReportSummary:
    """Where the report is.

    Attributes:
        html: the page.
        csv: the ranking.
        figure: the overview picture.
        candidates: how many candidates the ranking has.
        warnings: sentences that a reader has to know.
    """

    html: Path
    csv: Path
    figure: Path
    candidates: int
    warnings: tuple[str, ...]


def run(settings: Settings, progress: Progress) -> ReportSummary:
    """Write ``report/`` about the last search. No model is touched.

    Args:
        settings: as resolved.
        progress: hears of the task ``report``.

    Raises:
        IncompleteError: there is no ranking yet.
        UsageError: the settings name something else than what was searched.
    """
    with locked_bench("report", settings) as bench:
        ranking = bench.run.ranking()
        _check(settings, bench.run.search())
        record(bench.run, "report", settings, settings.target)
        progress.start("report", 1)
        data = _Material(bench.run).data(settings, ranking)
        report = build(data, settings.run / "report")
        progress.advance("report")
        warnings = dict.fromkeys([*data.warnings, *report.warnings])
        return ReportSummary(report.html, report.csv, report.figure, len(ranking), tuple(warnings))


def plan(settings: Settings) -> plans.Plan:
    """What :func:`run` would do: how many candidates it would show."""
    n = len(RunDirectory(settings.run).ranking())
    return plans.count("report", "candidates", n, n)


def _check(settings: Settings, searched: Mapping[str, Any]) -> None:
    """The report is about the search as it was, so other settings would be a lie."""
    given = settings.given()
    used = {**searched, "editor": searched["editor"]["spec"], "classifier": searched["classifier"]["spec"]}
    for name in _SETTINGS:
        # what the file of an earlier version, or of another program, lacks cannot be compared
        if name in given and name in used and given[name] != used[name]:
            option = flag(name)
            raise UsageError(f"the last search had {option} {used[name]}, not {given[name]}: run `diffex search` first")


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

    def data(self, settings: Settings, ranking: tuple[RankingRow, ...]) -> ReportData:
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
            settings=tuple(
                Setting(name, value, settings.origins.get(name, "")) for name, value in settings.values().items()
            ),
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
        )

    def _pairs(self, candidate: Candidate, target: str) -> Iterator[Pair]:
        for image in self._images:
            edited = self._shot(image, candidate, target)
            if edited is None:
                continue
            base = self._shot(image, RECONSTRUCTION, target)
            yield Pair(
                image=image.image,
                original=self._picture(image.file, image.image, image.image, target),
                edited=edited,
                delta=math.nan if base is None else edited.value - base.value,
                reconstruction=base,
            )

    def _shot(self, image: InputImage, candidate: Candidate, target: str) -> Shot | None:
        row = self._edits.get(self._key(image, candidate))
        if row is None or row.file is None:
            return None
        return self._picture(row.file, row.edit, image.image, target)

    def _picture(self, file: str, subject: str, image: str, target: str) -> Shot:
        row = self._scores.get(subject)
        found = None if row is None else value(row, self._scores.get(image), target)
        if found is None:
            return Shot(self._run.path / file, math.nan, math.nan)
        return Shot(self._run.path / file, found.on(self._scale), found.probability)

    def _key(self, image: InputImage, candidate: Candidate) -> str:
        return edit_key(image.image, candidate, self._search["editor"]["fingerprint"], self._search["seed"])

    def _provenance(self) -> dict[str, Mapping[str, object]]:
        stages = self._run.recorded().get("stages") or {}
        return {**{name: used["provenance"] for name, used in stages.items()}, "search": self._search["provenance"]}

    def _warnings(self, ranking: tuple[RankingRow, ...], shown: Mapping[str, Candidate]) -> Iterator[str]:
        yield from self._run.warnings
        keys = [self._key(image, one) for one in (RECONSTRUCTION, *shown.values()) for image in self._all_images]
        rows = [self._edits[key] for key in keys if key in self._edits]
        failed = [row for row in rows if row.status == "failed"]
        if failed:
            yield f"{len(failed)} of {len(rows)} edits failed and are left out (such as: {failed[0].reason})"
        if len(shown) < len(ranking):
            yield "corpus.yaml or the images changed after the search: run `diffex search` again"


def _level(level: Mapping[str, Any]) -> Level:
    by_influence = sorted(level["candidates"], key=lambda one: -(one["influence"] or 0.0))
    kept = tuple(one["candidate"] for one in by_influence if one["status"] == "kept")
    dropped = tuple(one["candidate"] for one in by_influence if one["status"] != "kept")
    return Level(level["depth"] + 1, kept, dropped)


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
