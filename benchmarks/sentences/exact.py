"""The exact effects that answers are held against: every attribute drawn into the same images."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from PIL import Image

from benchmarks.truth.exact import fine_nodes, over_options
from benchmarks.truth.pictures import Rendered, Wanted, key
from benchmarks.truth.scores import Scores, fill
from diffex_cli.artifacts import corpus_yaml
from diffex_cli.core import domains, registry
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Corpus


class Truth:
    """Draws every picture once, scores it by each classifier once, and keeps the scores in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._renderer, self._folder = _Remembered(), folder

    @functools.cached_property
    def corpus(self) -> Corpus:
        """The birds'."""
        return corpus_yaml.read_corpus(domains.corpus_file("birds"))

    def effects(self, classifier: str, target: str, images: Sequence[str]) -> Mapping[str, float]:
        """Attribute's id → signed mean Δ logit over the images; of a group also over its values. Without placebos."""
        scores = self._open(classifier)
        column = scores.labels.index(target)
        candidates = [RECONSTRUCTION, *(node.candidate for node in fine_nodes(self.corpus))]
        wanted = [Wanted(image, one) for image in images for one in candidates]
        fill([scores], self._renderer, wanted, f"exact effects on {classifier}")

        def mean(candidate: Candidate) -> float:
            keys = [key(self._renderer, Wanted(image, candidate)) for image in images]
            return math.fsum(scores.logits(keys)[:, column]) / len(images)

        before = mean(RECONSTRUCTION)
        alone = {node.id: mean(node.candidate) - before for node in fine_nodes(self.corpus)}
        placebos = {node.id for node in self.corpus.walk() if node.placebo}
        found = over_options(self.corpus, alone)
        return {id: effect for id, effect in found.items() if id not in placebos}

    def _open(self, classifier: str) -> Scores:
        spec = registry.parse_spec(classifier)
        return Scores(registry.find(registry.CLASSIFIERS, spec.name)(spec, device="auto"), self._folder)


class _Remembered(Rendered):
    """All classifiers are held against the same few thousand small pictures."""

    def __init__(self) -> None:
        self._drawn: dict[str, Image.Image] = {}

    def pictures(self, wanted: Sequence[Wanted]) -> Iterator[Image.Image | None]:
        """See :meth:`benchmarks.truth.pictures.Counterfactuals.pictures`."""
        names = {key(self, one): one for one in wanted}
        new = {name: one for name, one in names.items() if name not in self._drawn}
        self._drawn.update(zip(new, (one for one in super().pictures(list(new.values())) if one), strict=True))
        return (self._drawn[name] for name in names)
