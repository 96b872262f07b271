"""A finished run as others read it: what was searched, what was found, image by image. Reads files, nothing else."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from diffex_cli.artifacts.keys import digest, edit_key
from diffex_cli.artifacts.rows import EditRow, InputImage, RankingRow, ScoreRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Corpus, Node, Term
from diffex_cli.core.settings import Scale, Settings
from diffex_cli.measure.targets import value
from diffex_cli.report.data import Evidence, Floor, Level, Pair, Part, ReportData, Setting, Shot, Step


@dataclasses.dataclass(frozen=True, slots=True)
class Measurement:
    """What one search found out about one candidate.

    Attributes:
        candidate: the candidate's id.
        name: what people read.
        effect: signed mean Δ of the target's logit; NaN if unknown.
        low: lower end of the effect's 95 % interval; NaN if unknown.
        high: upper end.
        n: images that the three are over.
        kept: part of the explanation.
        deltas: image key → Δ logit, finite, of every image whose Δ is known; may be empty.
    """

    candidate: str
    name: str
    effect: float
    low: float
    high: float
    n: int
    kept: bool
    deltas: Mapping[str, float] = dataclasses.field(default_factory=dict)

    @property
    def influence(self) -> float:
        """I = |effect| (Eq. 1); NaN if unknown."""
        return abs(self.effect)


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """What a run searched, and how.

    Attributes:
        classifier: its spec.
        classifier_fingerprint: its fingerprint.
        target: the class that is explained.
        editor: its spec.
        editor_fingerprint: its fingerprint.
        corpus: digest of the attributes' ids, prompts and settings.
        attributes: how many the corpus has.
        images: how many.
        algorithm, beam, delta, max_depth, seed, scale: of the search.
        held_out: the keys of the images that it did not use.
    """

    classifier: str
    classifier_fingerprint: str
    target: str
    editor: str
    editor_fingerprint: str
    corpus: str
    attributes: int
    images: int
    algorithm: str
    beam: int
    delta: float
    max_depth: int | None
    seed: int
    scale: Scale = "logit"
    held_out: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run that ``diffex search`` has finished.

    Attributes:
        path: the run directory.
        facts: what was searched.
        corpus: the hierarchy.
        images: the input images' keys.
        ranking: as it was written, the most influential first.
        measurements: candidate id → what is known of it, in the ranking's order.
        warnings: sentences about what had to be left out.
    """

    path: Path
    facts: Facts
    corpus: Corpus
    images: tuple[str, ...]
    ranking: tuple[RankingRow, ...]
    measurements: Mapping[str, Measurement]
    warnings: tuple[str, ...]


def read_finished(path: Path) -> FinishedRun:
    """Read a finished run: ``search.yaml``, ``ranking.parquet``, ``corpus.yaml``, ``images.parquet``, ``scores/``.

    No picture is opened, so pictures may be gone. Without the scores of the pictures, or if the target
    is none of the classes that they are of, there are no changes image by image; a warning says so.

    Raises:
        IncompleteError: there is no ranking yet.
        UsageError: there is no such folder, or a file in it cannot be read.
    """
    if not path.is_dir():
        raise UsageError(f"there is no run directory {path}: name one that `diffex search --run` has finished")
    run = RunDirectory(path)
    search, ranking, corpus = run.search(), run.ranking(), run.corpus()
    images = tuple(image.image for image in run.images())
    facts = _facts(path, search, corpus)
    deltas = _Deltas(facts, images, run.scores(facts.classifier_fingerprint))
    nodes = {node.id: node for node in corpus.walk()}
    measurements = {row.candidate: _measurement(row, deltas, nodes) for row in ranking}
    warnings = list(run.warnings)
    alone = [one for one in measurements.values() if one.n and not one.deltas]
    if alone:
        warnings.append(
            f"{path} has no scores that fit {len(alone)} of its {len(ranking)} ranked attributes (such as "
            f"{alone[0].candidate!r}): they can only be compared unpaired"
        )
    return FinishedRun(path, facts, corpus, images, ranking, measurements, tuple(warnings))


def _facts(path: Path, search: Mapping[str, Any], corpus: Corpus) -> Facts:
    nodes = list(corpus.walk())
    try:
        return Facts(
            classifier=str(search["classifier"]["spec"]),
            classifier_fingerprint=str(search["classifier"]["fingerprint"]),
            target=str(search["target"]),
            editor=str(search["editor"]["spec"]),
            editor_fingerprint=str(search["editor"]["fingerprint"]),
            corpus=digest(
                sorted(
                    (one.id, one.prompt, one.remove, one.placebo, dict(one.overrides), one.replaces) for one in nodes
                )
            ),
            attributes=len(nodes),
            images=int(search["images"]),
            algorithm=str(search["algorithm"]),
            beam=int(search["beam"]),
            delta=float(search["delta"]),
            max_depth=search["max_depth"],
            seed=int(search["seed"]),
            scale=search.get("scale", "logit"),
            held_out=frozenset(search.get("held_out") or ()),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{path / 'search.yaml'} lacks or garbles a key ({error!r}): run `diffex search --run {path}` again"
        ) from error


class _Deltas:
    """A run's scores as changes against the reconstruction, image by image."""

    def __init__(self, facts: Facts, images: tuple[str, ...], scores: Mapping[str, ScoreRow]) -> None:
        self._facts = facts
        self._images = images
        self._scores = scores

    def of(self, candidate: Candidate, target: str) -> dict[str, float]:
        """Image key → change of the target, where both pictures were scored. A failed edit has no picture."""
        deltas = {}
        for image in self._images:
            if image in self._facts.held_out:
                continue  # the ranking's figures are of the others
            edited, base = self._value(image, candidate, target), self._value(image, RECONSTRUCTION, target)
            if edited is not None and base is not None:
                deltas[image] = edited - base
        return deltas

    def _value(self, image: str, candidate: Candidate, target: str) -> float | None:
        row = self._scores.get(edit_key(image, candidate, self._facts.editor_fingerprint, self._facts.seed))
        if row is None:
            return None
        found = value(row, self._scores.get(image), target)
        return None if found is None else found.on(self._facts.scale)


def _measurement(row: RankingRow, deltas: _Deltas, nodes: Mapping[str, Node]) -> Measurement:
    candidate = candidate_of(row.candidate, nodes)
    found = {} if candidate is None else deltas.of(candidate, row.target)
    if len(found) == row.n and not math.isclose(
        math.fsum(found.values()) / max(row.n, 1), row.effect, rel_tol=1e-6, abs_tol=1e-9
    ):
        found = {}  # scored anew since, or in another unit: not what was ranked
    return Measurement(row.candidate, row.name, row.effect, row.low, row.high, row.n, row.status == "kept", found)


def candidate_of(id: str, nodes: Mapping[str, Node]) -> Candidate | None:
    """The candidate of an id, given the corpus's nodes by theirs; ``None`` if the corpus lacks one of its
    attributes."""
    terms = []
    for part in id.split(" + "):
        remove = part.startswith("-")
        node = nodes.get(part.removeprefix("-"))
        if node is None:
            return None
        terms.append(Term(node.id, node.prompt, remove, node.overrides, "" if remove else node.replaces))
    return Candidate(tuple(terms))


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
