"""How two searches differ: their rankings, their effects, and the words of their corpora. Pure functions.

Candidates are matched by id. So two corpora that call the same thing by other words share nothing here,
and the same id with another prompt counts as the same; who has the corpora can say so.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import Literal, TypeAlias

from diffex_cli.core.wording import normalised
from diffex_cli.report.finished import Measurement
from diffex_cli.search.statistics.influence import CONFIDENCE
from diffex_cli.search.statistics.metrics import ndcg_at_k, spearman
from diffex_cli.search.statistics.student import student_t_quantile

Method: TypeAlias = Literal["paired", "unpaired", "none"]


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """Second minus first, in logits, with its interval.

    Attributes:
        low: lower end of the interval; NaN where there is none.
        n: shared images if paired, else images of the search that has fewer.
        method: ``paired`` over shared images, ``unpaired`` (Welch), or ``none``: too little is known for an interval.
    """

    value: float
    low: float
    high: float
    n: int
    method: Method

    @property
    def significant(self) -> bool:
        """The interval leaves out zero."""
        return self.low > 0 or self.high < 0


def difference(first: Measurement, second: Measurement, confidence: float = CONFIDENCE) -> Difference:
    """The difference of two effects of one candidate, second minus first.

    Paired, a Student-t interval of the differences image by image, if the two share at least two images
    and half of those of the smaller one: what an image does to both then cancels. Else unpaired, from
    the two effects and their 95 % intervals (Welch 1947; Satterthwaite's degrees of freedom, rounded down).
    """
    return _difference(first, second, confidence, magnitudes=False)


def growth(baseline: Measurement, now: Measurement, confidence: float = CONFIDENCE) -> Difference:
    """By how much the influence grew: :func:`difference` of |effect|.

    Each effect is turned to its own estimated sign first, and that sign is taken for known: where an
    effect cannot be told from zero its influence is biased upward, as everywhere.
    """
    return _difference(baseline, now, confidence, magnitudes=True)


def _difference(first: Measurement, second: Measurement, confidence: float, magnitudes: bool) -> Difference:
    shared = sorted(first.deltas.keys() & second.deltas.keys())
    if len(shared) >= 2 and 2 * len(shared) >= min(len(first.deltas), len(second.deltas)):
        a, b = [first.deltas[image] for image in shared], [second.deltas[image] for image in shared]
        turn_a, turn_b = (_sign(math.fsum(a)), _sign(math.fsum(b))) if magnitudes else (1.0, 1.0)
        differences = [turn_b * y - turn_a * x for x, y in zip(a, b, strict=True)]
        n = len(differences)
        mean = math.fsum(differences) / n
        variance = math.fsum((one - mean) ** 2 for one in differences) / (n - 1)
        half = student_t_quantile((1 + confidence) / 2, n - 1) * math.sqrt(variance / n)
        return Difference(mean, mean - half, mean + half, n, "paired")
    value = second.influence - first.influence if magnitudes else second.effect - first.effect
    half = _welch(first, second, confidence)
    method: Method = "none" if math.isnan(half) or math.isnan(value) else "unpaired"
    return Difference(value, value - half, value + half, min(first.n, second.n), method)


def _sign(value: float) -> float:
    return -1.0 if value < 0 else 1.0


def _welch(first: Measurement, second: Measurement, confidence: float) -> float:
    """Half the width of the unpaired interval; NaN if one side has none."""
    a, b = _squared_error(first), _squared_error(second)
    if math.isnan(a + b) or a + b == 0:
        return a + b
    # as shares, since squares of small variances vanish
    x, y = a / (a + b), b / (a + b)
    degrees = max(1, math.floor(1 / (x * x / (first.n - 1) + y * y / (second.n - 1))))
    return student_t_quantile((1 + confidence) / 2, degrees) * math.sqrt(a + b)


def _squared_error(one: Measurement) -> float:
    """The squared standard error of the effect, from its interval."""
    if one.n < 2:
        return math.nan
    return ((one.high - one.low) / 2 / student_t_quantile((1 + CONFIDENCE) / 2, one.n - 1)) ** 2


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One candidate that both searches measured.

    Attributes:
        name: what people read, as the second search has it.
        difference: second minus first; paired, it is over the shared images only.
    """

    candidate: str
    name: str
    first: float
    second: float
    difference: Difference
    changed: bool


@dataclasses.dataclass(frozen=True, slots=True)
class RankingComparison:
    """Two rankings side by side.

    Attributes:
        ndcg: nDCG@k of the second ranking, the influences of the first being the relevances.
        ndcg_back: nDCG@k of the first ranking, the influences of the second being the relevances.
        spearman: rank correlation of the influences over the shared candidates; NaN for fewer than two.
        only_first: ids that only the first measured, in its order.
        only_second: ids that only the second measured, in its order.
        entered: ids that only in the second were shown to matter, in its order.
        left: ids that only in the first were shown to matter, in its order.
        changes: the shared candidates, the largest difference first.
    """

    ndcg: float
    ndcg_back: float
    spearman: float
    shared: int
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    entered: tuple[str, ...]
    left: tuple[str, ...]
    changes: tuple[Change, ...]


def compare_rankings(first: Iterable[Measurement], second: Iterable[Measurement], k: int) -> RankingComparison:
    """Compare two rankings. Candidates without a known effect count as not measured.

    In nDCG, a candidate that the judged search did not measure is missing from its ranking, and one
    that only the judged search measured counts as irrelevant: searches that looked at different
    candidates agree less than their effects do.

    Args:
        k: how many places count in nDCG, ≥ 1.

    Raises:
        ValueError: k < 1.

    Source: nDCG between rankings as in the paper's ablation of diffusion models (Sec. 4).
    """
    a, b = _ranked(first), _ranked(second)
    shared = [id for id in a if id in b]
    changes = [_change(a[id], b[id]) for id in shared]
    return RankingComparison(
        ndcg=ndcg_at_k({id: one.influence for id, one in a.items()}, list(b), k),
        ndcg_back=ndcg_at_k({id: one.influence for id, one in b.items()}, list(a), k),
        spearman=spearman([a[id].influence for id in shared], [b[id].influence for id in shared])
        if len(shared) > 1
        else math.nan,
        shared=len(shared),
        only_first=tuple(id for id in a if id not in b),
        only_second=tuple(id for id in b if id not in a),
        entered=tuple(id for id in b if b[id].matters and not (id in a and a[id].matters)),
        left=tuple(id for id in a if a[id].matters and not (id in b and b[id].matters)),
        changes=tuple(sorted(changes, key=lambda one: (-abs(one.difference.value), one.candidate))),
    )


def _ranked(measurements: Iterable[Measurement]) -> dict[str, Measurement]:
    known = [one for one in measurements if math.isfinite(one.effect)]
    return {one.candidate: one for one in sorted(known, key=lambda one: (-one.influence, one.candidate))}


def _change(first: Measurement, second: Measurement) -> Change:
    between = difference(first, second)
    return Change(second.candidate, second.name, first.effect, second.effect, between, between.significant)


@dataclasses.dataclass(frozen=True, slots=True)
class CorpusComparison:
    """Two sets of attribute names, normalised.

    Attributes:
        iou: shared names over all names, in [0, 1]; 1 if there are none at all.
    """

    iou: float
    shared: int
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]


def compare_names(first: Iterable[str], second: Iterable[str]) -> CorpusComparison:
    """Intersection over union of two corpora's attribute names, each distinct :func:`normalised` name once.

    Source: the paper's ablation of vision-language models (Sec. 4), which does not say how it normalises.
    """
    a, b = ({name for name in map(normalised, names) if name} for names in (first, second))
    union = a | b
    return CorpusComparison(
        iou=len(a & b) / len(union) if union else 1.0,
        shared=len(a & b),
        only_first=tuple(sorted(a - b)),
        only_second=tuple(sorted(b - a)),
    )
