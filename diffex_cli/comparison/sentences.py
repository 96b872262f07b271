"""A comparison in sentences."""

from __future__ import annotations

from diffex_cli.comparison.data import Compared, Scored, Versus
from diffex_cli.report.numbers import MISSING, counted, finite, interval, signed

_NBSP = "\N{NO-BREAK SPACE}"


def headline(one: Versus) -> str:
    """What changed most, or that nothing did."""
    if not one.same_unit:
        return "The two runs measure different quantities, so only their rankings can be compared."
    if not one.changes:
        return "No attribute was measured by both runs."
    if not one.changed:
        return f"None of the {counted(len(one.changes), 'attribute')} that both measured can be told to have changed."
    most = one.changed[0]
    return (
        f"{len(one.changed)} of {counted(len(one.changes), 'attribute')} changed. Most: {most.name}, from "
        f"{signed(most.first.effect)} to {signed(most.second.effect)} {one.unit} (difference {_difference(most)})."
    )


def one_sided(one: Versus) -> str:
    """How much only one of the runs claims."""
    first, second = (sum(getattr(found, run) is not None for found in one.one_sided) for run in ("first", "second"))
    return f"Not compared, because only one run tried it: {first} that the first claims, {second} that the second does."


def expected(one: Versus) -> str:
    """How many changes there would be without any."""
    return (
        "A change is called one if the 95 % interval of the difference leaves out zero. The intervals are not "
        f"corrected for their number: of {len(one.changes)} attributes about {0.05 * len(one.changes):.1f} would do so "
        "even if nothing had changed."
    )


def agreement(one: Versus) -> str:
    """How far the two rankings agree."""
    correlation = f"{one.spearman:.3f}" if finite(one.spearman) else MISSING
    return (
        f"The rankings agree by nDCG@{one.top} {one.ndcg:.3f} with the first as truth and {one.ndcg_back:.3f} with the "
        f"second; Spearman’s correlation of the influences is {correlation} over "
        f"{counted(len(one.changes), 'attribute')}."
    )


def direction(change: Compared) -> str:
    """What became of the effect, in a word or two."""
    if not change.changed:
        return "no change shown"
    before, after = change.first, change.second
    if before.effect * after.effect >= 0:
        return "stronger" if abs(after.effect) > abs(before.effect) else "weaker"
    if all(one.low > 0 or one.high < 0 for one in (before, after)):
        return "turned around"
    return "rose" if after.effect > before.effect else "fell"


def place(shot: Scored) -> str:
    """Where a picture stands in its pair, and whose it is unless it is both runs'."""
    runs = [run for run, _ in shot.scores]
    where = "after" if shot.edited else "before"
    return where if len(runs) != 1 else f"{where}, {runs[0]}"


def _difference(change: Compared) -> str:
    return f"{signed(change.difference)}, 95 % interval {interval(change.low, change.high)}, n{_NBSP}={_NBSP}{change.n}"
