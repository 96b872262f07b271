"""Whether a search's intervals contain the exact effects.

On the images whose mean *is* the exact effect, every interval would contain it. So the sample images are taken as the
population: as many images are drawn from them with replacement, a method searches on these, and its intervals
are held against the means over the population. What the method did to choose its attributes is part of the test.
"""

from __future__ import annotations

import dataclasses
import random

from benchmarks.truth.exact import fine_nodes
from benchmarks.truth.methods import DELTA, Method
from benchmarks.truth.table import Table

DRAWS = 4
_NEGLIGIBLE = 1e-3
"""In logits. The probe is a little less sure of a bird now and then, which moves a mean that is otherwise zero by less
than this; a sample without that bird has an interval of no width beside it."""


@dataclasses.dataclass(frozen=True)
class Coverage:
    """How many intervals contain the exact effect, and of how many; of all values of attributes that were ranked, of
    those with an exact influence of at least δ, and of those that were reported."""

    ranked: tuple[int, int]
    strong: tuple[int, int]
    reported: tuple[int, int]

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(*(_sum(getattr(self, one.name), getattr(other, one.name)) for one in dataclasses.fields(self)))


NOTHING = Coverage((0, 0), (0, 0), (0, 0))


def coverage(table: Table, method: Method, name: str, draws: int = DRAWS) -> Coverage:
    """Let a method search on samples of a table.

    Args:
        name: of the classifier; fixes the samples, which all methods share.
    """
    total = NOTHING
    exact = {node.id: float(table.deltas[node.id].mean()) for node in fine_nodes(table.corpus)}
    for draw in range(draws):
        rng = random.Random(f"coverage/{name}/{draw}")
        places = [rng.randrange(len(table.images)) for _ in table.images]
        finding = method(table.drawn(places), None)
        inside = {
            id: low - _NEGLIGIBLE <= exact[id] <= high + _NEGLIGIBLE
            for id, (low, high) in finding.intervals.items()
            if id in exact
        }
        strong = [right for id, right in inside.items() if abs(exact[id]) >= DELTA]
        reported = [right for id, right in inside.items() if id in (finding.reported or ())]
        total += Coverage(
            (sum(inside.values()), len(inside)), (sum(strong), len(strong)), (sum(reported), len(reported))
        )
    return total


def _sum(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    return a[0] + b[0], a[1] + b[1]
