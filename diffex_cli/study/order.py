"""Who sees what, and in which order: the same in Python as in ``templates/study.js``.

Everything follows from the study's id and the participant's code, so that a page can be closed and opened again,
and a file of answers can be checked. FNV-1a (Fowler, Noll, Vo) makes a number of a text, and Mulberry32
(Ettinger 2017) makes further ones of that; both are a few lines in either language.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

_MASK = 0xFFFFFFFF


def numbers(text: str) -> Iterator[float]:
    """Endless pseudo-random numbers in [0, 1), fixed by the text."""
    state = 0x811C9DC5
    for byte in text.encode():
        state = ((state ^ byte) * 0x01000193) & _MASK
    while True:
        state = (state + 0x6D2B79F5) & _MASK
        mixed = ((state ^ (state >> 15)) * (state | 1)) & _MASK
        mixed ^= (mixed + ((mixed ^ (mixed >> 7)) * (mixed | 61))) & _MASK
        yield (mixed ^ (mixed >> 14)) / 2**32


def shuffled(items: Sequence[T], text: str) -> tuple[T, ...]:
    """The items in an order that the text fixes (Fisher & Yates)."""
    order, random = list(items), numbers(text)
    for last in range(len(order) - 1, 0, -1):
        other = int(next(random) * (last + 1))
        order[last], order[other] = order[other], order[last]
    return tuple(order)


def turn_of(study: str, participant: str, turns: int) -> int:
    """Which of the study's turns a participant takes, in [0, turns)."""
    return int(next(numbers(f"{study}/turn/{participant}")) * turns)


def order_of(study: str, participant: str, items: Sequence[str]) -> tuple[str, ...]:
    """The ids of a participant's turn in the order in which they are shown; given in the page's order."""
    return shuffled(items, f"{study}/order/{participant}")


def options_of(study: str, participant: str, item: str, options: Sequence[str]) -> tuple[str, ...]:
    """The answers to choose from, in the order in which a participant sees them."""
    return shuffled(options, f"{study}/options/{participant}/{item}")
