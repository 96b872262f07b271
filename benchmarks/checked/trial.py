"""Whole searches of one classifier, each with one set of options, held against the exact effects."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.checked.erring import Erring
from benchmarks.log import LoggedProgress
from diffex_cli.artifacts.keys import image_key
from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.birds import samples
from diffex_cli.birds.meanings import MEANINGS
from diffex_cli.birds.renderer import render
from diffex_cli.classifiers.base import Classifier
from diffex_cli.core.configuration import resolve
from diffex_cli.core.hierarchy import Corpus
from diffex_cli.corpus import corpus
from diffex_cli.measure.session import Backends
from diffex_cli.search import search
from diffex_cli.search.statistics.claims import findings
from diffex_cli.search.statistics.metrics import ndcg_at_k
from diffex_cli.verifiers.opened import open_verifier

DELTA = 0.1


@dataclasses.dataclass(frozen=True, slots=True)
class Variant:
    """One way to search.

    Attributes:
        wrong: the share of the verifier's readings that are turned round.
        against: the variant that its edits are counted against.
    """

    options: Mapping[str, object]
    wrong: float = 0.0
    against: str = "before"


_BEFORE = {"groups": "words", "effects": "asked", "verifier": "none", "holdout": "on"}
_ALL = {**_BEFORE, "holdout": "off"}
_THIS = {"groups": "corpus", "effects": "adjusted", "verifier": "birds:probe", "holdout": "off"}
_PAIRS = "before, pairs"
VARIANTS: Mapping[str, Variant] = {
    "before": Variant(_BEFORE),
    "before, all images": Variant(_ALL),
    "members": Variant({**_ALL, "groups": "corpus"}),
    "seen already is zero": Variant({**_ALL, "groups": "corpus", "verifier": "birds:probe"}),
    "this": Variant(_THIS),
    "this, 10 % wrong": Variant(_THIS, wrong=0.1),
    "this, 25 % wrong": Variant(_THIS, wrong=0.25),
    _PAIRS: Variant({**_BEFORE, "joint": 2}, against=_PAIRS),
    "this, pairs": Variant({**_THIS, "joint": 2}, against=_PAIRS),
}
"""What is compared; ``before`` are the defaults of the build before, ``this`` of this one. Pairs are off by default."""


def by_verifier(spec: str) -> tuple[str, Variant]:
    """The name and the options of this build with another verifier."""
    return f"this, by {spec}", Variant({**_THIS, "verifier": spec})


@dataclasses.dataclass(frozen=True, slots=True)
class Subject:
    """A classifier that is explained, and the class.

    Attributes:
        null: it goes by nothing that can be seen.
    """

    name: str
    classifier: Classifier
    target: str
    null: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Marks:
    """How right one search was; NaN where a mark has no meaning.

    Attributes:
        ndcg5: nDCG@5 with the exact influences of all attributes as relevance.
        top: the first of the ranking has (all but) the largest exact influence.
        signs: how many of ``strong`` rows of the ranking, whose exact influence is at least δ, have the right sign.
        claims: how many attributes are said to matter; ``nothing`` of them have an exact influence below δ/2.
        turned: of the claims whose exact influence is at least δ, those with the wrong sign.
        held: of the intervals of ``strong`` rows, those that hold the exact effect.
        untested: rows of the ranking that are ``not tested``.
        pair: the first pair is (all but) the best one; NaN also where none was tried, or none does more than one alone.
    """

    ndcg5: float
    top: float
    signs: int
    strong: int
    claims: int
    nothing: int
    turned: int
    held: int
    untested: int
    error: float
    edits: int
    pair: float = math.nan


class Memo:
    """A classifier that is asked about each picture once."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier, self._known = classifier, dict[str, NDArray[np.float64]]()
        self.labels, self.fingerprint, self.settings = classifier.labels, classifier.fingerprint, classifier.settings

    def logits(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        keys = [image_key(image) for image in images]
        new = {key: image for key, image in zip(keys, images, strict=True) if key not in self._known}
        if new:
            self._known.update(zip(new, self._classifier.logits(list(new.values())), strict=True))
        return np.stack([self._known[key] for key in keys])


def exact_effects(subject: Subject, hierarchy: Corpus, images: Sequence[str]) -> dict[str, float]:
    """Candidate → the exact mean change of the target's logit.

    Of a group that is measured by its members it is the mean of theirs, of one that is measured by its words the mean
    of what these may mean ("crest": a short or a tall one, while "no crest" is a member, too); of a placebo it is 0, as
    is everything to a null classifier, whatever its noise is on some pictures.

    Args:
        hierarchy: as it is searched.
    """
    nodes = {node.candidate.id: node.members if not node.drawn else (node,) for node in hierarchy.walk()}
    options = {id: [option for one in own for option in MEANINGS[one.prompt]] for id, own in nodes.items()}
    if subject.null:
        return dict.fromkeys(options, 0.0)
    birds = [samples.records()[image] for image in images]
    column = list(subject.classifier.labels).index(subject.target)
    before = subject.classifier.logits([render(bird) for bird in birds])[:, column]
    alone = {}
    for attribute, value in sorted({option for options in MEANINGS.values() for option in options}):
        after = subject.classifier.logits([render(bird.with_values(**{attribute: value})) for bird in birds])
        alone[attribute, value] = float((after[:, column] - before).mean())
    return {id: float(np.mean([alone[one] for one in meant])) if meant else 0.0 for id, meant in options.items()}


def prepared(run: Path, images: int) -> tuple[str, ...]:
    """Write the corpus of the run directory that all searches share, if it is not there; the images' keys."""
    if not (run / "corpus.yaml").exists():
        settings = resolve({"run": run, "domain": "birds", "n_images": images}, {}, None)
        corpus.run(settings, LoggedProgress("corpus"))
    return tuple(image.image for image in RunDirectory(run).images())


def searched(subject: Subject, run: Path, editor: str, variant: Variant) -> search.SearchSummary:
    """One search, in a run directory that is :func:`prepared`, and whose edits all searches share."""
    flags = {"run": run, "domain": "birds", "editor": editor, "target": subject.target, "classifier": subject.name}
    settings = resolve({**flags, **variant.options}, {}, None)
    verifier = open_verifier(settings.verifier) if variant.wrong else None
    backends = Backends(classifier=subject.classifier, verifier=verifier and Erring(verifier, variant.wrong))
    return search.run(settings, LoggedProgress(subject.name), backends=backends)


def marks_of(rows: Sequence[RankingRow], exact: Mapping[str, float], edits: int, pair: float = math.nan) -> Marks:
    """Judge a ranking.

    Args:
        pair: see :class:`Marks`.
    """
    influences = {id: abs(effect) for id, effect in exact.items()}
    known = [row for row in rows if row.candidate in exact and math.isfinite(row.effect) and not row.placebo]
    tested = [row for row in known if row.claim != "not tested"]
    strong = [row for row in tested if influences[row.candidate] >= DELTA]
    claimed = [row for row in known if row.candidate in {one.candidate for one in findings(rows, DELTA)}]
    real = max(influences.values()) >= DELTA
    return Marks(
        ndcg5=ndcg_at_k(influences, [row.candidate for row in known], 5) if real else math.nan,
        top=float(influences[known[0].candidate] >= 0.95 * max(influences.values())) if real and known else math.nan,
        signs=sum(row.effect * exact[row.candidate] > 0 for row in strong),
        strong=len(strong),
        claims=len(claimed),
        nothing=sum(influences[row.candidate] < DELTA / 2 for row in claimed),
        turned=sum(row.effect * exact[row.candidate] < 0 for row in claimed if influences[row.candidate] >= DELTA),
        held=sum(row.low <= exact[row.candidate] <= row.high for row in strong),
        untested=len(known) - len(tested),
        error=float(np.mean([abs(row.effect - exact[row.candidate]) for row in tested])) if tested else math.nan,
        edits=edits,
        pair=pair,
    )
