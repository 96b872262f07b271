"""What the ranking amounts to: the headline, the noise floor, and what to beware of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.numbers import finite, interval, magnitude, signed

_NAMED = 8
"""Attributes that a caution names before it only counts."""


def ranked(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows by rank; ties by candidate."""
    return tuple(sorted(rows, key=lambda row: (row.rank, row.candidate)))


def kept(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The attributes that explain something: kept by the search, with a known effect, no placebos."""
    return tuple(row for row in ranked(rows) if row.status == "kept" and not row.placebo and finite(row.effect))


def noise_floor(rows: Iterable[Row]) -> Row | None:
    """The placebo attribute with the largest influence: what an attribute without any effect can reach.

    Returns:
        None if no placebo attribute was scored: the floor was not measured.
    """
    placebos = [row for row in ranked(rows) if row.placebo and finite(row.influence)]
    return max(placebos, key=lambda row: row.influence, default=None)


def _measured(row: Row) -> Markup:
    parts = [f"{signed(row.effect)} logits"]
    if finite(row.low) and finite(row.high):
        parts.append(f"95\N{NO-BREAK SPACE}% interval {interval(row.low, row.high)}")
    parts.append(f"n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{row.n}")
    return Markup('<em>{}</em> <span class="measure">({})</span>').format(row.name, ", ".join(parts))


def headline(data: ReportData) -> Markup:
    """The report's first sentence: what raises and what lowers the target most, or that nothing does."""
    rows = kept(data.rows)
    raised = max((row for row in rows if row.effect > 0), key=lambda row: row.effect, default=None)
    lowered = min((row for row in rows if row.effect < 0), key=lambda row: row.effect, default=None)
    if raised and lowered:
        return Markup("‘{}’ is raised most by {} and lowered most by {}.").format(
            data.target, _measured(raised), _measured(lowered)
        )
    if raised:
        return Markup("‘{}’ is raised most by {}; nothing that was kept lowers it.").format(
            data.target, _measured(raised)
        )
    if lowered:
        return Markup("‘{}’ is lowered most by {}; nothing that was kept raises it.").format(
            data.target, _measured(lowered)
        )
    return _nothing(data)


def _nothing(data: ReportData) -> Markup:
    threshold = f"δ\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{magnitude(data.delta)} logits"
    sentence = Markup("No attribute that was tried passed {} for ‘{}’.").format(threshold, data.target)
    strongest = next((row for row in ranked(data.rows) if finite(row.effect) and not row.placebo), None)
    if strongest:
        sentence += Markup(" The strongest was {}.").format(_measured(strongest))
    return sentence


def floor_sentence(rows: Sequence[Row]) -> str:
    """The noise floor in words, or that it was not measured."""
    floor = noise_floor(rows)
    if floor is None:
        return "Noise floor: not measured, because no placebo attribute was scored."
    count = sum(row.placebo and finite(row.influence) for row in rows)
    among = f"among {count} placebo attributes" if count > 1 else "of the only placebo attribute scored"
    return f"Noise floor: {magnitude(floor.influence)} logits, the largest influence {among} (‘{floor.name}’)."


def cautions(data: ReportData) -> tuple[str, ...]:
    """Sentences about results that should not be taken at face value."""
    found = []
    rows = kept(data.rows)
    floor = noise_floor(data.rows)
    if floor is not None:
        if floor.influence >= data.delta:
            found.append(
                f"A placebo attribute, ‘{floor.name}’, reaches δ: "
                f"influences up to {magnitude(floor.influence)} logits can be noise here."
            )
        noisy = [row for row in rows if row.influence <= floor.influence]
        if noisy:
            found.append(f"Kept, but not above the noise floor: {_names(noisy)}.")
    unsure = [row for row in rows if finite(row.low) and finite(row.high) and row.low <= 0 <= row.high]
    if unsure:
        found.append(f"Kept, but the 95 % interval includes zero: {_names(unsure)}.")
    few = [row for row in rows if row.n < data.n_images]
    if few:
        found.append(f"Kept, but measured on fewer than all {data.n_images} images: {_names(few)}.")
    return tuple(found)


def _names(rows: Sequence[Row]) -> str:
    shown = ", ".join(f"‘{row.name}’" for row in rows[:_NAMED])
    return shown if len(rows) <= _NAMED else f"{shown} and {len(rows) - _NAMED} more"
