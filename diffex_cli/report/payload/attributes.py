"""One attribute, or set of attributes, as the page shows it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from diffex_cli.report import captions
from diffex_cli.report.data import Floor, ReportData, Row
from diffex_cli.report.details import checks, figures
from diffex_cli.report.facts import below_floor, is_set, standing
from diffex_cli.report.leaks import Leak, leaked
from diffex_cli.report.payload import values
from diffex_cli.report.payload.pairs import Columns
from diffex_cli.report.payload.values import number

_FIGURES = (
    *("effect", "influence", "low", "high", "effect_original", "p_value", "p_corrected"),
    *("joint_sum", "interaction", "interaction_low", "interaction_high"),
    *("delta_probability", "delta_probability_low", "delta_probability_high"),
    *("flip_to", "flip_from", "up", "down", "valid"),
    *("effect_asked", "shown", "landed", "landed_low", "landed_high", "n_landed", "class_lost", "n_class"),
)


def attribute(
    data: ReportData,
    row: Row,
    pairs: Columns,
    floor: Floor | None,
    parents: Mapping[str, str],
    index: Mapping[str, int],
) -> dict[str, object]:
    """A row of the ranking with its pictures' numbers.

    Args:
        data: the report's data.
        row: the attribute.
        pairs: its edits.
        floor: the noise floor.
        parents: candidate id → id of the nearest coarser one that was scored.
        index: candidate id → number of the attribute in the payload.
    """
    below = below_floor(row, floor)
    names = {one.candidate: one.name for one in data.rows}
    own = {"effect": number(row.effect), "low": number(row.low), "high": number(row.high), "n": row.n}
    return {
        "id": row.candidate,
        "name": row.name,
        "rank": row.rank,
        "depth": row.depth,
        "n": row.n,
        "tried": row.images,
        "kind": "set" if is_set(row) else "group" if row.group else "attribute",
        "placebo": row.placebo,
        "kept": row.status == "kept",
        "below_floor": below and not row.placebo,
        "claim": row.claim,
        "passed": row.passed,
        "confirmed": row.confirmed,
        "decided": row.decided,
        "standing": standing(row),
        "reason": row.reason,
        "target": row.target,
        "parent": index.get(parents.get(row.candidate, "")),
        "parts": [
            {
                "attribute": index.get(part.candidate),
                "name": names.get(part.candidate, part.candidate),
                "effect": number(part.effect),
            }
            for part in data.parts.get(row.candidate, ())
        ],
        **{name: number(getattr(row, name)) for name in _FIGURES},
        "holdout": _holdout(row),
        "details": [
            {"label": figure.label, "value": figure.value, "meaning": figure.meaning} for figure in figures(row, data)
        ],
        "checks": [dataclasses.asdict(figure) for figure in checks(row, data)],
        "also_changed": [_leak(one) for one in leaked(data.also_changed.get(row.candidate, ()))],
        "views": [None if own["effect"] is None else own, *pairs.effects],
        "quality": {
            **values.of_edits(list(data.evidence.edits.get(row.candidate, {}).values())),
            "flipped": pairs.flipped,
        },
        "after": captions.after(row),
        "called": captions.called(row, data),
        "examples": list(pairs.examples),
        "pairs": pairs.values,
    }


def _leak(one: Leak) -> dict[str, object]:
    return {**dataclasses.asdict(one), "low": number(one.low), "high": number(one.high)}


def _holdout(row: Row) -> dict[str, object] | None:
    if number(row.effect_holdout) is None:
        return None
    low, high = number(row.low_holdout), number(row.high_holdout)
    return {"effect": number(row.effect_holdout), "low": low, "high": high, "n": row.n_holdout}
