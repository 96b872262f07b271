"""Whether what a first sentence names is what truly matters.

The first sentence names up to two causes: what speaks most for the class, and what speaks most against it. Each is
judged against the exact effects of all attributes on the images that the search used:

* ``top``: no attribute has a larger exact effect in that direction (up to a thousandth of a logit);
* ``half``: its exact effect has the direction that is said, is at least δ and at least half of the largest;
* ``less``: its exact effect has the direction that is said and is at least δ, but less than half of the largest;
* ``wrong``: its exact effect is smaller than δ, or has the other direction.

A direction in which nothing is named is ``missed`` if some attribute's exact effect in it is at least δ, and
``nothing`` if none is. **The named cause is true** if it is ``top`` or ``half``. A classifier that knows nothing has no
causes: whatever is said of it is false.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Literal, TypeAlias

from benchmarks.sentences.records import Record
from benchmarks.truth.judging import is_about
from benchmarks.truth.methods import DELTA
from diffex_cli.birds.panel.members import PANEL, PREFIX, Planted
from diffex_cli.core.hierarchy import Corpus

Verdict: TypeAlias = Literal["top", "half", "less", "wrong", "missed", "nothing"]
VERDICTS: tuple[Verdict, ...] = ("top", "half", "less", "wrong", "missed", "nothing")
TRUE: tuple[Verdict, ...] = ("top", "half")
_TIE = 1e-3
"""In logits."""


@dataclasses.dataclass(frozen=True, slots=True)
class Cause:
    """What was named in one direction; NaN and ``None`` where nothing was.

    Attributes:
        named: the attribute's id.
        said: its effect as found.
        exact: its exact effect.
        top: the attribute whose exact effect is the largest in this direction.
        largest: that effect, signed.
    """

    verdict: Verdict
    named: str | None
    said: float
    exact: float
    top: str
    largest: float


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """One answer, judged.

    Attributes:
        speaks_for, speaks_against: what is named in either direction.
        first: the cause that is named first; where none is, the stronger true one, which is then missed.
        claims: how many attributes are presented as found.
        wrong: ids of those of which that is not true.
    """

    speaks_for: Cause
    speaks_against: Cause
    first: Cause
    claims: int
    wrong: tuple[str, ...]


def judge(record: Record) -> Judged:
    """Hold one answer against the exact effects."""
    answer, null = record.answer, record.case.group == "null"
    exact = dict.fromkeys(record.exact, 0.0) if null else record.exact
    causes = {}
    for sign in (1, -1):
        named = next((id for id in answer.named if answer.claimed[id] * sign > 0), None)
        causes[sign] = _cause(named, math.nan if named is None else answer.claimed[named], exact, sign)
    order = [one for one in causes.values() if one.named is not None] or sorted(
        causes.values(), key=lambda one: -abs(one.largest)
    )
    if answer.named and order[0].named != answer.named[0]:
        order.reverse()
    wrong = tuple(id for id, effect in answer.claimed.items() if not _true(exact[id], effect))
    return Judged(causes[1], causes[-1], order[0], len(answer.claimed), wrong)


def planted_on_top(record: Record, corpus: Corpus) -> bool:
    """Of a network with a planted shortcut: the shortcut is what truly matters most."""
    source = PANEL[record.case.classifier.removeprefix(f"birds:{PREFIX}")].source
    assert isinstance(source, Planted)
    top = min(record.exact, key=lambda id: (-abs(record.exact[id]), id))
    return is_about(top, source.attribute, corpus)


def _cause(named: str | None, said: float, exact: Mapping[str, float], sign: int) -> Cause:
    top = min(exact, key=lambda id: (-exact[id] * sign, -len(id), id))
    largest = exact[top]
    if named is None:
        return Cause("missed" if largest * sign >= DELTA else "nothing", None, said, math.nan, top, largest)
    found = exact[named]
    if not _true(found, said):
        verdict: Verdict = "wrong"
    elif abs(found) >= abs(largest) - _TIE:
        verdict = "top"
    else:
        verdict = "half" if abs(found) >= abs(largest) / 2 else "less"
    return Cause(verdict, named, said, found, top, largest)


def _true(exact: float, said: float) -> bool:
    return exact * said > 0 and abs(exact) >= DELTA
