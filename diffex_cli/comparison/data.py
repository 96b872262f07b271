"""What the page of a comparison shows: plain values, filled in by the stage."""

from __future__ import annotations

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True, slots=True)
class Fact:
    """One thing about both runs."""

    what: str
    first: str
    second: str
    differs: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Estimate:
    """An attribute's effect in one of the runs.

    Attributes:
        effect: signed mean change; NaN if unknown, as its interval's ends.
        low: lower end of the 95 % interval.
        standing: what can be said of it, in a word or two.
        claimed: it was shown to matter.
    """

    rank: int
    effect: float
    low: float
    high: float
    n: int
    standing: str
    claimed: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Scored:
    """A picture with the target's probability by each of the runs that it belongs to.

    Attributes:
        scores: ``first`` and/or ``second`` → probability in [0, 1], or NaN.
    """

    file: Path
    edited: bool
    scores: tuple[tuple[str, float], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """An attribute that both runs measured.

    Attributes:
        difference: second minus first; NaN if unknown, as its interval's ends.
        low: lower end of the difference's 95 % interval.
        n: images that the difference is over.
        method: ``paired``, ``unpaired`` or ``no interval``.
        shots: pictures that show it, originals before edits; may be empty.
    """

    candidate: str
    name: str
    first: Estimate
    second: Estimate
    difference: float
    low: float
    high: float
    n: int
    method: str
    changed: bool
    shots: tuple[Scored, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class OneSided:
    """An attribute that one run claims and that the other did not measure.

    Attributes:
        first: its effect in the first run; ``None`` if it was not measured there.
        shots: pictures that show it, the original before the edit; may be empty.
    """

    candidate: str
    name: str
    first: Estimate | None
    second: Estimate | None
    shots: tuple[Scored, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Versus:
    """One run against the reference.

    Attributes:
        first_short: what tells it from the other in a word, e.g. its classifier.
        facts: what they are and how they were made.
        cautions: sentences about what the figures do not mean.
        same_unit: both measure the same quantity; else their effects are not shown side by side.
        floors: the two noise floors; ``None`` where there is none.
        top: k of nDCG@k.
        ndcg: the first as truth.
        ndcg_back: the second as truth.
        spearman: rank correlation of the influences; NaN if there are fewer than two.
        corpora_iou: shared names of the two corpora over all.
        changes: what both measured, the largest difference first.
        one_sided: what one claims and the other did not measure, the strongest first.
        both_claim: names of what both show to matter.
        first_claims: names of what only the first shows to matter, whether or not the second measured it.
        second_claims: names of what only the second shows to matter.
    """

    first: str
    second: str
    first_short: str
    second_short: str
    facts: tuple[Fact, ...]
    cautions: tuple[str, ...]
    same_unit: bool
    unit: str
    floors: tuple[float | None, float | None]
    top: int
    ndcg: float
    ndcg_back: float
    spearman: float
    corpora_iou: float
    changes: tuple[Compared, ...]
    one_sided: tuple[OneSided, ...]
    both_claim: tuple[str, ...]
    first_claims: tuple[str, ...]
    second_claims: tuple[str, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    corpus_only_first: tuple[str, ...] = ()
    corpus_only_second: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[Compared, ...]:
        """Those whose interval leaves out zero."""
        return tuple(one for one in self.changes if one.changed)
