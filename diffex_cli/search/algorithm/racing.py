"""Panel racing: the same strongest candidates for fewer edits.

Most attributes are seen to be nothing, or to be strong, after a few images. So every candidate begins with a few,
and further images go only to those whose place in the beam is in doubt: the weakest inside and the strongest
outside (LUCB). Those that stay are measured on all images in the end, so that what is kept has exactly the
figures of an exhaustive search, and only what is dropped was judged early.

The more candidates compete for a place, the more is saved: with four to begin and B measured to the end, a level
with hardly more candidates than places costs about as much as without racing.

An attribute that acts on few images only may look like nothing on the first ones, with no spread that would warn.
The stratified order (:mod:`~diffex_cli.search.algorithm.panel`) makes that rarer, a larger ``first`` rarer still.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from diffex_cli.search.algorithm.contest import NOTHING_EDITED, Entrant, Field, Measure, Outcome, Standing

FIRST = 4
BATCH = 2
"""How many images a candidate gets at a time."""
PAIRS = 3
"""How many inside and how many outside get images at a time: more fill an editor's batch, fewer waste less."""


def race(
    entrants: Sequence[Entrant],
    order: Sequence[int],
    measure: Measure,
    *,
    keep: int | None,
    epsilon: float,
    first: int = FIRST,
) -> Outcome:
    """Find the strongest candidates that pass their own bar, each measured on as few images as that needs.

    Every candidate is tried on the first images of the order, or on all if it says so. Then, again and again: a
    candidate whose upper bound fails its bar (δ, or its parent's score) is out for good. Of the others, the ``keep``
    largest scores that pass are inside. If an upper bound outside exceeds what it would have to beat (the smallest
    lower bound inside, or its own bar while there are places left) by more than ``epsilon``, the next images go to the
    weakest inside and the strongest outside. Otherwise those inside are measured on the rest of the panel, and if that
    changes nothing the race is over. Every step measures something new, and no candidate more than N images, so the
    worst case is the exhaustive search.

    Args:
        measure: called once a step, with all that the step needs.
        keep: B, how many candidates to keep, ≥ 1; ``None`` for all that pass.
        epsilon: ε, the difference that is not worth an edit, in logits, ≥ 0. With 0, all that the intervals
            leave open is measured.
        first: on how many images every candidate begins, ≥ 2.

    Source: LUCB, Kalyanakrishnan, Tewari, Auer & Stone 2012, here without replacement on a fixed panel and with the
    intervals of :func:`~diffex_cli.search.statistics.confidence.radius`.
    """
    if (keep is not None and keep < 1) or not 0 <= epsilon < math.inf:
        raise ValueError(f"keep {keep} ≥ 1 and epsilon {epsilon} ≥ 0 must hold")
    if first < 2:
        raise ValueError(f"first {first} ≥ 2 must hold")
    field = Field(entrants, order, measure)
    field.advance({entrant.id: field.panel if entrant.whole else first for entrant in entrants})
    while True:
        line = _line_up(field, keep)
        doubtful = line.doubtful(epsilon)
        if doubtful:
            field.advance({one.entrant.id: one.images + BATCH for one in doubtful})
        elif not all(one.complete for one in line.inside):
            field.advance({one.entrant.id: field.panel for one in line.inside})
        else:
            break
    inside = {one.entrant.id for one in line.inside}
    standings = tuple(_verdict(one, one.entrant.id in inside, line, epsilon) for one in field.standings)
    return Outcome(standings, field.edits, field.rounds)


@dataclasses.dataclass(frozen=True, slots=True)
class _Line:
    """Who is inside of the beam at the moment (the strongest that pass their bar by their score, the strongest first),
    who outside is not out, and whether there is no place left."""

    inside: Sequence[Standing]
    outside: Sequence[Standing]
    full: bool

    def to_beat(self, one: Standing) -> float:
        """What somebody outside would have to exceed."""
        return min(inside.low for inside in self.inside) if self.full else one.bar

    def doubtful(self, epsilon: float) -> list[Standing]:
        """Those that should get images next; empty when all is clear."""
        rivals = [one for one in self.outside if one.high > self.to_beat(one) + epsilon]
        if not rivals:
            return []
        strongest = max(one.high for one in rivals)
        shaky = [one for one in self.inside if self.full and one.low < strongest - epsilon]
        rivals.sort(key=lambda one: (-one.high, one.entrant.id))
        shaky.sort(key=lambda one: (one.low, one.entrant.id))
        return [one for group in (rivals, shaky) for one in [each for each in group if not each.complete][:PAIRS]]


def _line_up(field: Field, keep: int | None) -> _Line:
    running = [one for one in field.standings if not one.out]
    passing = [one for one in running if not one.fails]
    inside = passing[:keep]
    ids = {one.entrant.id for one in inside}
    return _Line(inside, [one for one in running if one.entrant.id not in ids], len(inside) == keep)


def _verdict(one: Standing, inside: bool, line: _Line, epsilon: float) -> Standing:
    """What became of a candidate, and why."""
    if inside:
        return dataclasses.replace(one, status="kept", decided=True, reason=f"{one.entrant.score} {one.score:.3g}")
    if math.isnan(one.score):
        return dataclasses.replace(one, decided=True, reason=NOTHING_EDITED)
    decided = one.out or one.high <= line.to_beat(one)
    # on the whole panel the bound is the score itself
    bounded = decided and not one.complete
    what, figure = ("upper bound", one.high) if bounded else (str(one.entrant.score), one.score)
    if one.out or not line.full:
        why = one.entrant.shortfall(what, figure, one.sign)
    else:
        why = f"{what} {figure:.3g} does not exceed the {line.to_beat(one):.3g} of the weakest in the beam"
    doubt = "" if decided else f", and its upper bound {one.high:.3g} is within ε = {epsilon:g} of that"
    reason = f"dropped after {one.after}: its {why}{doubt}"
    return dataclasses.replace(one, decided=decided, reason=reason)
