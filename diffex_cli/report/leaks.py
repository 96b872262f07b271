"""What edits changed that they were not asked for, by what a verifier saw before and after. Pure functions."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from diffex_cli.core.hierarchy import is_within
from diffex_cli.measure.calibration import AS_READ, SEEN, Calibration
from diffex_cli.search.statistics.claims import SETS_JOINED_BY
from diffex_cli.search.statistics.intervals import wilson
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
    """An attribute that edits may have changed besides.

    Attributes:
        id: its node's.
        share: of the edits where it was read before and after, the share in which it appeared or disappeared, with its
            95 % interval (Wilson's).
        n: how many those are.
        kin: it is of the same feature as what was asked for: a picture shows only one of the two.
        protected: somebody asked to be told of it first.
    """

    id: str
    name: str
    share: float
    n: int
    low: float = math.nan
    high: float = math.nan
    kin: bool = False
    protected: bool = False


@dataclasses.dataclass(frozen=True)
class Attributes:
    """What is known of a hierarchy's attributes besides their readings.

    Attributes:
        names: id → name of all nodes; others are left out.
        exclusive: ids of which a picture shows one at most, as the verifier reads them. Of an attribute that is in none
            of these, its siblings are taken to be so.
        protected: ids; what is below them is protected too.
    """

    names: Mapping[str, str]
    exclusive: Collection[Collection[str]] = ()
    protected: Collection[str] = ()

    @functools.cached_property
    def rivals(self) -> Mapping[str, frozenset[str]]:
        """Id → ids that cannot be seen beside it."""
        found: dict[str, frozenset[str]] = {}
        for ids in self.exclusive:
            for id in ids:
                found[id] = found.get(id, frozenset()) | frozenset(ids) - {id}
        families: dict[str, set[str]] = {}
        for id in self.names:
            families.setdefault(id.rpartition("/")[0], set()).add(id)
        for id in self.names.keys() - found.keys():
            parent = id.rpartition("/")[0]
            found[id] = frozenset(families[parent] - {id} if parent else ())
        return found

    def is_protected(self, id: str) -> bool:
        return any(is_within(id, one) for one in self.protected)


def besides(
    edits: Iterable[Made], readings: Readings, attributes: Attributes, calibration: Calibration = AS_READ
) -> tuple[Leak, ...]:
    """All attributes that were read before and after edits that did not ask for them: the protected ones first, then
    those that most often crossed from seen to not seen or back, by more than noise.

    What an edit is asked for is no leak, nor are the groups above it and what is below it. Nor is it one that what
    cannot be seen beside an added attribute disappears, or appears where the other is removed.
    """
    changed: Counter[str] = Counter()
    known: Counter[str] = Counter()
    kin: set[str] = set()
    asked = functools.cache(lambda candidate: _Asked.of(candidate, attributes))
    for edit in edits:
        own = asked(edit.candidate)
        for id, *read in _read(readings.get(edit.before, {}), readings.get(edit.after, {})):
            if id not in attributes.names or id in own.in_line:
                continue
            known[id] += 1
            before, after = (calibration.probability(id, one) for one in read)
            if (before >= SEEN) != (after >= SEEN) and calibration.moved(id, before, after):
                changed[id] += id not in (own.may_appear if after >= SEEN else own.may_vanish)
        kin |= own.may_appear | own.may_vanish
    found = []
    for id, n in known.items():
        share = changed[id] / n
        found.append(
            Leak(id, attributes.names[id], share, n, *wilson(share, n), id in kin, attributes.is_protected(id))
        )
    return tuple(sorted(found, key=lambda one: (not one.protected, -one.share, -one.n, one.id)))


def leaked(read: Iterable[Leak]) -> tuple[Leak, ...]:
    """Those that any edit changed, in their order."""
    return tuple(one for one in read if one.share)


@dataclasses.dataclass(frozen=True, slots=True)
class _Asked:
    """What of an edit is no leak: its own attributes with what is above and below them, and their rivals one way."""

    in_line: frozenset[str]
    may_appear: frozenset[str]
    may_vanish: frozenset[str]

    @classmethod
    def of(cls, candidate: str, attributes: Attributes) -> _Asked:
        terms = [(one.removeprefix("-"), one.startswith("-")) for one in candidate.split(SETS_JOINED_BY)]
        in_line = {id for id in attributes.names if any(_in_line(id, own) for own, _ in terms)}
        appear, vanish = (
            frozenset().union(*(attributes.rivals.get(own, frozenset()) for own, removed in terms if removed == way))
            for way in (True, False)
        )
        return cls(frozenset(in_line), appear, vanish)


def _read(before: Mapping[str, float], after: Mapping[str, float]) -> Iterator[tuple[str, float, float]]:
    for id in before.keys() & after.keys():
        if math.isfinite(before[id]) and math.isfinite(after[id]):
            yield id, before[id], after[id]


def _in_line(id: str, own: str) -> bool:
    return is_within(id, own) or is_within(own, id)
