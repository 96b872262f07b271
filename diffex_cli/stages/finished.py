"""A finished run as others read it: what was searched, what was found, image by image. Reads files, nothing else."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffex_cli.artifacts.keys import digest, edit_key
from diffex_cli.artifacts.rows import RankingRow, ScoreRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Corpus, Node, Term
from diffex_cli.core.settings import Scale
from diffex_cli.search.comparison import Measurement
from diffex_cli.stages.targets import value


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
