"""Sequential halving: the strongest candidates as far as a fixed number of edits can tell."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence

from diffex_cli.search.algorithm.contest import NOTHING_EDITED, Entrant, Field, Measure, Outcome, Standing
from diffex_cli.search.statistics import influence


def halve(
    entrants: Sequence[Entrant],
    order: Sequence[int],
    measure: Measure,
    *,
    keep: int | None,
    max_edits: int,
) -> Outcome:
    """Find the strongest candidates that pass their own bar with at most ``max_edits`` edits.

    Every candidate begins; after each of ⌈log₂(K / B)⌉ rounds the weaker half goes, down to B, and a last round is the
    survivors'. The rounds cost the same, split evenly over the candidates that are left, except that nobody
    gets more than the N images: what that saves is spread over the other rounds. So a budget for every candidate
    on every image is spent on just that before anybody is dropped. All measurements of earlier rounds count.

    Args:
        measure: called at most once a round.
        keep: B, how many candidates to keep, ≥ 1; ``None`` for all that pass: there is nothing to halve for then, and
            all get the same number of images.
        max_edits: the budget, ≥ 0. With less than one edit a candidate nothing is measured and all are dropped, since
            any choice among them would be arbitrary.

    Returns:
        what is kept need not have been measured on all images, and is ``decided`` only if it was.

    Source: Karnin, Koren & Somekh 2013, Algorithm 3, here for the best B instead of the best one, and
    without discarding the samples of earlier rounds.
    """
    if (keep is not None and keep < 1) or max_edits < 0:
        raise ValueError(f"keep {keep} ≥ 1 and max_edits {max_edits} ≥ 0 must hold")
    field = Field(entrants, order, measure)
    if not entrants:
        return Outcome((), 0, 0)
    left = field.standings
    if max_edits < len(left):
        reason = f"not measured: {max_edits} edits are not enough for {len(left)} candidates"
        return Outcome(tuple(dataclasses.replace(one, reason=reason) for one in left), 0, 0)
    places = len(left) if keep is None else keep
    sizes = _sizes(len(left), places)
    for size, images in zip([*sizes[1:], sizes[-1]], _targets(sizes, field.panel, max_edits), strict=True):
        field.advance({one.entrant.id: images for one in left})
        ids = {one.entrant.id for one in left}
        left = sorted((one for one in field.standings if one.entrant.id in ids), key=_preference)[:size]
    kept = [one for one in left if not one.fails][:keep]
    inside, survivors = {one.entrant.id for one in kept}, {one.entrant.id for one in left}
    standings = tuple(
        _verdict(one, one.entrant.id in inside, one.entrant.id in survivors, places) for one in field.standings
    )
    return Outcome(standings, field.edits, field.rounds)


def _sizes(candidates: int, places: int) -> list[int]:
    """How many candidates are left in each round."""
    sizes = [candidates]
    while sizes[-1] > places:
        sizes.append(max(places, math.ceil(sizes[-1] / 2)))
    return sizes


def _targets(sizes: Sequence[int], panel: int, max_edits: int) -> list[int]:
    """On how many images a candidate was tried after each round, if every round costs as much as every other.

    The most that fits into the budget, which is at least one edit a candidate. A round costs less where its
    candidates run out of images, which leaves more to the others.
    """

    def targets(cost: int) -> list[int]:
        images = [max(1, cost // sizes[0])]
        for size in sizes[1:]:
            images.append(images[-1] + cost // size)
        return [min(each, panel) for each in images]

    def total(images: Sequence[int]) -> int:
        increments = [images[0], *(after - before for before, after in itertools.pairwise(images))]
        return sum(size * increment for size, increment in zip(sizes, increments, strict=True))

    low, high = 0, sizes[0] * panel + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if total(targets(middle)) <= max_edits else (low, middle)
    return targets(low)


def _preference(one: Standing) -> tuple[bool, tuple[bool, float, str]]:
    """Sort key: those that pass their bar first, and the largest score first."""
    return (one.fails, influence.order(one.score, one.entrant.id))


def _verdict(one: Standing, inside: bool, survived: bool, places: int) -> Standing:
    """What became of a candidate, and why."""
    score = f"{one.entrant.score} {one.score:.3g}"
    if inside:
        reason = score if one.complete else f"{score}, by an estimate on {one.after}"
        return dataclasses.replace(one, status="kept", decided=one.complete, reason=reason)
    if math.isnan(one.score):
        return dataclasses.replace(one, decided=one.complete, reason=NOTHING_EDITED)
    if one.fails:
        reason = f"dropped after {one.after}: its {one.entrant.shortfall(one.entrant.score, one.score, one.sign)}"
    elif survived:
        reason = f"dropped after {one.after}: its {score} is beyond the beam of {places}"
    else:
        reason = f"dropped after {one.after}: its {score} was in the weaker half, and the budget is fixed"
    return dataclasses.replace(one, decided=one.out, reason=reason)
