"""What edits did besides what they were asked for, in sentences: the part of the one voice that is about pictures."""

from __future__ import annotations

from collections.abc import Iterator

from diffex_cli.report.claims import shown
from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.leak_matrix import WORTH, Matrix
from diffex_cli.report.leaks import Leak
from diffex_cli.report.numbers import counted, finite, share

_NAMED = 4
"""Changes that a sentence names before it only counts."""


def interval_of_share(low: float | None, high: float | None) -> str:
    """The ends of a share's 95 % interval, in brackets; empty if they are not known."""
    return f" (95 %: {100 * low:.0f}–{share(high)})" if finite(low) and finite(high) else ""


def also_changed(one: Leak) -> str:
    """An attribute that edits changed besides, and how often: ``eye colour in 67 % of 44 edits (95 %: 52–79 %)``."""
    return f"{one.name} in {how_often(one)}"


def how_often(one: Leak) -> str:
    """In how many edits an attribute changed."""
    return f"{share(one.share)} of {counted(one.n, 'edit')}{interval_of_share(one.low, one.high)}"


def matrix_sentence(found: Matrix) -> str:
    """How much of what was read is in the matrix, and what is left out."""
    looked = f"The verifier looked at the edits of {counted(found.read, 'attribute')}"
    enough = f"in {share(WORTH)} of them or more"
    if not found.rows:
        return (
            f"{looked}: {'they did not change' if found.read == 1 else 'those of none changed'} anything else {enough}."
        )
    those = "they" if found.read == 1 else "those of all" if found.leaky == found.read else f"those of {found.leaky}"
    told = f"{looked}: {those} changed something else {enough}, {counted(found.changed, 'attribute')} in all."
    if found.leaky > len(found.rows) or found.changed > len(found.columns):
        size = f"{counted(len(found.rows), 'row')} and {counted(len(found.columns), 'column')}"
        told += f" The table has the first {size} of that; leaks.csv has all."
    return told


def protected_caution(data: ReportData) -> str | None:
    """That edits of what was shown to matter also change what is protected; ``None`` if they do not."""
    found = [(row, one) for row in shown(data) for one in data.also_changed.get(row.candidate, ())]
    changed = [(row, one) for row, one in found if one.protected and one.share]
    if not changed:
        return None
    told = list(_told(changed[:_NAMED]))
    rest = len(changed) - len(told)
    told += [f"and so do {rest} more"] if rest else []
    return f"Edits of what was shown to matter also change what is protected: {'; '.join(told)}."


def _told(changed: list[tuple[Row, Leak]]) -> Iterator[str]:
    for row, one in changed:
        yield f"those of ‘{row.name}’ change ‘{one.name}’ in {how_often(one)}"
