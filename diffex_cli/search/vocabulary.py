"""How much two corpora have in common: the overlap of their attributes' names. Pure functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from diffex_cli.core.wording import normalised


@dataclasses.dataclass(frozen=True, slots=True)
class CorpusComparison:
    """Two sets of attribute names, normalised.

    Attributes:
        iou: shared names over all names, in [0, 1]; 1 if there are none at all.
        shared: how many names are in both.
        only_first: names of the first alone, sorted.
        only_second: names of the second alone, sorted.
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
