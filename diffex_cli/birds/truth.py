"""The exact influence of every attribute on a classifier, by drawing the birds again.

No editor and no search stands between: for every sample image and every option of an attribute the
counterfactual is rendered and scored. What diffex finds is judged against this.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts import corpus_yaml
from diffex_cli.birds import samples
from diffex_cli.birds.attributes import Bird
from diffex_cli.birds.meanings import MEANINGS, Option
from diffex_cli.birds.renderer import render
from diffex_cli.classifiers.base import Classifier
from diffex_cli.classifiers.opened import open_classifier
from diffex_cli.core import domains
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Groups, Node, grouped
from diffex_cli.search.statistics.metrics import ndcg_at_k, spearman


@dataclasses.dataclass(frozen=True, slots=True)
class TruthRow:
    """One attribute's exact effect. ``effect`` is the mean over ``n`` birds of the target's logit on the counterfactual
    minus that on the bird; for a group also over its members, or over what its words may mean, all equally likely.
    ``influence`` is its absolute value."""

    rank: int
    candidate: str
    name: str
    target: str
    effect: float
    influence: float
    n: int


@dataclasses.dataclass(frozen=True, slots=True)
class Agreement:
    """How well a ranking agrees with the truth.

    Attributes:
        ndcg5: nDCG@5 with the exact influences as relevance, over all attributes of the corpus.
        spearman: rank correlation of found and exact influence, over the attributes that were ranked.
        signs: the share of right signs among ranked attributes whose exact influence exceeds δ.
        top: the candidate on top of the ranking; empty if nothing was ranked.
        true_top: the candidate with the largest exact influence.
    """

    ndcg5: float
    spearman: float
    signs: float
    top: str
    true_top: str


def exact_effects(
    classifier_spec: str, target: str | None = None, images: Sequence[str] | None = None, groups: Groups = "corpus"
) -> list[TruthRow]:
    """Measure every attribute of the birds corpus, the largest influence first.

    Args:
        target: a label; by default the one predicted most often.
        images: the keys of the sample images to use; by default all 48.
        groups: whether the effect of a group is that of its members, or of its words.
    """
    classifier = open_classifier(classifier_spec)
    birds = _birds(images)
    logits = classifier.logits([render(bird) for bird in birds])
    column = _target_column(classifier.labels, target, logits)
    options = sorted({option for meaning in MEANINGS.values() for option in meaning})
    deltas = {option: _option_deltas(classifier, birds, option, logits[:, column], column) for option in options}
    corpus = grouped(corpus_yaml.read_corpus(domains.corpus_file("birds")), groups)
    rows = [_row(node, classifier.labels[column], deltas, len(birds)) for node in corpus.walk()]
    rows.sort(key=lambda row: (-row.influence, row.candidate))
    return [dataclasses.replace(row, rank=rank) for rank, row in enumerate(rows, 1)]


def agreement(truth: Sequence[TruthRow], found: Mapping[str, float], delta: float) -> Agreement:
    """Compare a ranking with the truth. ``found``: candidate → effect as diffex ranked it, best first. ``delta``: the
    search's δ, in logits."""
    exact = {row.candidate: row.effect for row in truth}
    both = [candidate for candidate in found if candidate in exact]
    strong = [candidate for candidate in both if abs(exact[candidate]) >= delta]
    return Agreement(
        ndcg5=ndcg_at_k({candidate: abs(effect) for candidate, effect in exact.items()}, list(found), 5),
        spearman=spearman([abs(found[c]) for c in both], [abs(exact[c]) for c in both]),
        signs=float(np.mean([found[c] * exact[c] > 0 for c in strong])) if strong else 1.0,
        top=next(iter(found), ""),
        true_top=truth[0].candidate if truth else "",
    )


def _birds(images: Sequence[str] | None) -> list[Bird]:
    records = samples.records()
    if images is None:
        return list(records.values())
    missing = [key for key in images if key not in records]
    if missing:
        raise UsageError(f"image {missing[0][:16]} is not one of the embedded birds, so its truth is not known")
    return [records[key] for key in images]


def _target_column(labels: Sequence[str], target: str | None, logits: NDArray[np.float64]) -> int:
    if target is None:
        return int(Counter(logits.argmax(1).tolist()).most_common(1)[0][0])
    if target not in labels:
        raise UsageError(f"--target {target}: the classifier knows {', '.join(labels)}")
    return list(labels).index(target)


def _option_deltas(
    classifier: Classifier, birds: Sequence[Bird], option: Option, before: NDArray[np.float64], column: int
) -> NDArray[np.float64]:
    attribute, value = option
    after = classifier.logits([render(bird.with_values(**{attribute: value})) for bird in birds])
    difference: NDArray[np.float64] = after[:, column] - before
    return difference


def _row(node: Node, target: str, deltas: Mapping[Option, NDArray[np.float64]], n: int) -> TruthRow:
    options = [option for one in ((node,) if node.drawn else node.members) for option in MEANINGS[one.prompt]]
    effect = float(np.mean([deltas[option].mean() for option in options])) if options else 0.0
    return TruthRow(0, node.candidate.id, node.name, target, effect, abs(effect), n)
