"""What edits changed that they were not asked for, by what a verifier saw before and after. Pure functions."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from diffex_cli.measure.calibration import AS_READ, SEEN, Calibration
from diffex_cli.search.statistics.claims import SETS_JOINED_BY
from diffex_cli.verifiers.base import Readings


@dataclasses.dataclass(frozen=True, slots=True)
class Made:
    """One edit.

    Attributes:
        candidate: what was edited, by its id.
        before: the key of the reconstruction.
        after: the key of the edit.
    """

    candidate: str
    before: str
    after: str


@dataclasses.dataclass(frozen=True, slots=True)
class Leak:
    """An attribute that edits changed besides.

    Attributes:
        id: its node's.
        share: of the edits where it was read before and after, the share in which it appeared or disappeared.
        n: how many those are.
    """

    id: str
    name: str
    share: float
    n: int


def leaks(
    edits: Iterable[Made], readings: Readings, names: Mapping[str, str], calibration: Calibration = AS_READ
) -> tuple[Leak, ...]:
    """The attributes that crossed from seen to not seen or back by more than noise, the most frequent first.

    What an edit is asked for is no leak, nor are the groups above it and what is below it. Of two siblings a picture
    often shows one at most: that one disappears where another is added, or appears where another is removed, is
    expected.

    Args:
        names: of all nodes of the hierarchy; others are left out.
        calibration: of the readings.
    """
    changed: Counter[str] = Counter()
    known: Counter[str] = Counter()
    for edit in edits:
        own = edit.candidate.split(SETS_JOINED_BY)
        for id, *read in _read(readings.get(edit.before, {}), readings.get(edit.after, {})):
            if id not in names or any(_in_line(id, one) for one in own):
                continue
            known[id] += 1
            before, after = (calibration.probability(id, one) for one in read)
            if (before >= SEEN) != (after >= SEEN) and calibration.moved(id, before, after):
                changed[id] += not any(_expected(id, after >= SEEN, one) for one in own)
    found = (Leak(id, names[id], changed[id] / n, n) for id, n in known.items() if changed[id])
    return tuple(sorted(found, key=lambda one: (-one.share, -one.n, one.id)))


def _read(before: Mapping[str, float], after: Mapping[str, float]) -> Iterator[tuple[str, float, float]]:
    for id in before.keys() & after.keys():
        if math.isfinite(before[id]) and math.isfinite(after[id]):
            yield id, before[id], after[id]


def _in_line(id: str, term: str) -> bool:
    own = term.removeprefix("-")
    return id == own or own.startswith(f"{id}/") or id.startswith(f"{own}/")


def _expected(id: str, appeared: bool, term: str) -> bool:
    own, removed = term.removeprefix("-"), term.startswith("-")
    parent = own.rpartition("/")[0]
    return bool(parent) and id.rpartition("/")[0] == parent and appeared == removed
