"""Which few pictures of the domain a model is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

SHOWN = 6
"""How many pictures a question shows."""

T = TypeVar("T")


def evenly(items: Sequence[T], k: int = SHOWN, turn: int = 0) -> tuple[T, ...]:
    """``k`` items at equal distances, or all if there are no more; another turn begins elsewhere in the first gap.

    Of a folder with one subfolder for each class, sorted by name, every class is shown if ``k`` allows. The turns
    begin at the van der Corput sequence 1/2, 1/4, 3/4, 1/8, …, so that further turns do not move the former ones.
    """
    n = len(items)
    if n <= k:
        start = turn % n if n else 0
        return (*items[start:], *items[:start])
    bits = f"{turn + 1:b}"
    gaps = 2 ** len(bits)
    begin = int(bits[::-1], 2)
    return tuple(items[(i * gaps + begin) * n // (k * gaps)] for i in range(k))
