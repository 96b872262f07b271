"""How right a finding is."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from benchmarks.truth.exact import Exact
from benchmarks.truth.methods import DELTA, Finding
from diffex_cli.birds.meanings import MEANINGS
from diffex_cli.birds.panel.members import Member, Planted
from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.search.statistics.metrics import ndcg_at_k, spearman

GOOD_PAIR = 0.95
"""A pair counts as the best one if its exact influence is at least this share of the best's: many pairs are tied."""
PAIR_GAIN = 1.1
"""Where the best pair does less than this many times what one value does alone, there is no pair to be found."""
_TIE = 1e-3
"""In logits."""


@dataclasses.dataclass(frozen=True)
class Marks:
    """One method's marks on one classifier; NaN where a mark has no meaning.

    Attributes:
        ndcg5: nDCG@5 with the exact influences of all attributes as relevance.
        precision3: the share of the first three that are truly among the three most influential (ties count).
        signs: the share of right signs among ranked values of attributes whose exact influence is at least δ. Groups
            are left out: what they mean is drawn for every picture, so that even a perfect editor's mean is a sample's.
        spearman: rank correlation of found and exact influence over the attributes ranked.
        planted: whether the first attribute is the planted one, where the exact first is.
        pair: whether the pair named is the best one, where there is one to be found.
        false_positives: the share of attributes looked at that are reported although the classifier is a null one.
        coverage: the share of intervals that contain the exact effect.
    """

    ndcg5: float
    precision3: float
    signs: float
    spearman: float
    planted: float
    pair: float
    false_positives: float
    coverage: float
    edits: float
    joint_edits: float


def marks_of(member: Member, finding: Finding, exact: Exact, corpus: Corpus) -> Marks:
    """Mark one finding; the coverage is left open.

    A null classifier has no ranking to get right, and one that is none cannot show a false positive.
    """
    null = member.family == "null"
    influences = {id: abs(effect) for id, effect in exact.effects.items()}
    ranking = list(finding.effects)
    fine = {node.id for node in exact.fine}
    strong = [id for id in ranking if id in fine and influences[id] >= DELTA]
    right = [finding.effects[id] * exact.effects[id] > 0 for id in strong]
    third = sorted(influences.values(), reverse=True)[2]
    best = [id for id in ranking[:3] if influences[id] >= third - _TIE]
    found = [abs(finding.effects[id]) for id in ranking]
    placebos = {node.id for node in corpus.walk() if node.placebo}
    return Marks(
        ndcg5=math.nan if null else ndcg_at_k(influences, ranking, 5),
        precision3=math.nan if null else len(best) / 3,
        signs=average([float(one) for one in right]) if finding.signed and not null else math.nan,
        spearman=math.nan if null else spearman(found, [influences[id] for id in ranking]),
        planted=_planted(member, ranking, influences, corpus),
        pair=math.nan if null else right_pair(finding.pair, exact),
        false_positives=(
            len(finding.reported - placebos) / max(finding.looked_at, 1)
            if null and finding.reported is not None
            else math.nan
        ),
        coverage=math.nan,
        edits=finding.edits,
        joint_edits=finding.joint_edits,
    )


def average(values: Sequence[float]) -> float:
    """The mean of those that are known; NaN without any."""
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else math.nan


def mean_marks(marks: Sequence[Marks]) -> Marks:
    """Mark by mark, the mean of those that are known."""
    return Marks(*(average([float(getattr(one, field.name)) for one in marks]) for field in dataclasses.fields(Marks)))


def _planted(member: Member, ranking: Sequence[str], influences: dict[str, float], corpus: Corpus) -> float:
    if not isinstance(member.source, Planted):
        return math.nan
    attribute = member.source.attribute
    truly = min(influences, key=lambda id: (-influences[id], id))
    if not is_about(truly, attribute, corpus):
        return math.nan
    return float(bool(ranking) and is_about(ranking[0], attribute, corpus))


def is_about(id: str, attribute: str, corpus: Corpus) -> bool:
    """The node sets this attribute of the birds, and no other."""
    return {changed for changed, _ in MEANINGS[corpus.node(id).prompt]} == {attribute}


def right_pair(pair: tuple[Node, Node] | None, exact: Exact) -> float:
    """Whether a pair that was named does about as much as the best one; NaN where there is none to be found."""
    best = max(map(abs, exact.pairs.values()), default=0.0)
    if best < DELTA or best < PAIR_GAIN * exact.best_single:
        return math.nan
    return float(pair is not None and abs(exact.pair(pair)) >= GOOD_PAIR * best)
