"""The panel's members as the benchmark sees them: their logits of counterfactuals, looked up."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.truth.pictures import Counterfactuals, Wanted, key
from benchmarks.truth.scores import Scores
from benchmarks.truth.table import Table
from diffex_cli.birds import samples
from diffex_cli.birds.panel.classifiers import PROBE, formula_logits, open_member
from diffex_cli.birds.panel.formulas import Formula
from diffex_cli.birds.panel.members import Member
from diffex_cli.classifiers.backends.transformers import TransformersClassifier
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Corpus
from diffex_cli.core.output_kinds import softmax
from diffex_cli.core.registry import Spec, parse_spec


@dataclasses.dataclass(frozen=True)
class Subject:
    """One classifier that is explained.

    Attributes:
        scores: its own, or those of the probe that it is a formula of.
    """

    member: Member
    scores: Scores

    def logits(self, keys: Sequence[str]) -> NDArray[np.float64]:
        """Shape (keys, the member's labels); NaN where an edit failed."""
        rows = self.scores.logits(keys)
        return formula_logits(self.member.source, rows) if isinstance(self.member.source, Formula) else rows

    def deltas(self, by: Counterfactuals, candidate: Candidate, images: Sequence[str]) -> NDArray[np.float64]:
        """Δ logits of the target against the reconstruction, shape (n_images,)."""
        column = self.member.labels.index(self.member.target)
        after, before = (
            self.logits([key(by, Wanted(image, one)) for image in images])[:, column]
            for one in (candidate, RECONSTRUCTION)
        )
        difference: NDArray[np.float64] = after - before
        return difference

    def probability_deltas(
        self, by: Counterfactuals, candidate: Candidate, image: str, seeds: Sequence[int]
    ) -> NDArray[np.float64]:
        """Δ probability (softmax) of the target of one image by several seeds, shape (seeds,)."""
        column = self.member.labels.index(self.member.target)
        after, before = (
            softmax(self.logits([key(by, Wanted(image, one, seed)) for seed in seeds]))[:, column]
            for one in (candidate, RECONSTRUCTION)
        )
        difference: NDArray[np.float64] = after - before
        return difference

    def table(self, by: Counterfactuals, corpus: Corpus, images: Sequence[str]) -> Table:
        """What every attribute does to every image."""
        before = self.logits([key(by, Wanted(image, RECONSTRUCTION)) for image in images])
        deltas = {node.candidate.id: self.deltas(by, node.candidate, images) for node in corpus.walk()}
        known = np.nan_to_num(before, nan=-np.inf)
        return Table(corpus, tuple(images), tuple(known.argmax(axis=1).tolist()), deltas)


def open_subjects(
    members: Mapping[str, Member], folder: Path, models: Path | None = None
) -> tuple[dict[str, Subject], tuple[str, ...]]:
    """The members with their scores so far, and the names of those that are not trained yet.

    Args:
        models: where the trained members are; by default in the package.
    """
    probe_spec = Spec("birds:probe", "birds", str(PROBE), {})
    probe = functools.cache(lambda: Scores(TransformersClassifier(probe_spec), folder))
    subjects, missing = {}, []
    for name, member in members.items():
        if isinstance(member.source, Formula):
            subjects[name] = Subject(member, probe())
            continue
        try:
            subjects[name] = Subject(member, Scores(open_member(parse_spec(member.spec), models=models), folder))
        except UsageError:
            missing.append(name)
    return subjects, tuple(missing)


def sample_images(count: int) -> tuple[str, ...]:
    """The keys of the first sample images, in which the species take turns."""
    if not 2 <= count <= samples.COUNT:
        raise UsageError(f"{count} images: there are {samples.COUNT} sample images, and at least 2 are needed")
    return tuple(samples.records())[:count]
