"""What edits did besides what they were asked for, in sentences: the part of the one voice that is about pictures."""

from __future__ import annotations

from diffex_cli.report.claims import shown
from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.leak_matrix import WORTH, Matrix
from diffex_cli.report.leaks import Leak, leaked
from diffex_cli.report.numbers import counted, finite, share

_NAMED = 4
"""Changes that a sentence names before it only counts."""


def interval_of_share(low: float | None, high: float | None) -> str:
    """The ends of a share's 95 % interval, in brackets; empty if they are not known."""
    return f" (95 %: {100 * low:.0f}–{share(high)})" if finite(low) and finite(high) else ""


def also_changed(one: Leak) -> str:
    """An attribute that edits changed besides, and how often: ``eye colour in 67 % of 44 edits (95 %: 52–79 %)``."""
    return f"{one.name}{' (protected)' if one.protected else ''} in {how_often(one)}"


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
    # nothing is read for an answer that nobody asked for
    told = [text for row in shown(data) if (text := _changes_protected(row, data))] if data.protect else []
    if not told:
        return None
    rest = f"; and so do those of {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return f"Edits of what was shown to matter also change what is protected: {'; '.join(told[:_NAMED])}{rest}."


def _changes_protected(row: Row, data: ReportData) -> str:
    changed = [one for one in leaked(data.also_changed.get(row.candidate, ())) if one.protected]
    if not changed:
        return ""
    first, others = changed[0], changed[1:_NAMED]
    more = "".join(f", ‘{one.name}’ in {share(one.share)}" for one in others)
    more += f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
    return f"those of ‘{row.name}’ change ‘{first.name}’ in {how_often(first)}{more}"


def class_lost(row: Row, own_class: str = "") -> str:
    """In how many edits a verifier no longer sees the images' own class; empty where nobody looked or could tell.

    Args:
        own_class: which one; empty if they have several.
    """
    if row.class_lost is None or not row.n_class:
        return ""
    many = round(row.class_lost * row.n_class)
    if not many:
        return (
            f"the verifier still sees {_own(own_class)} in {'all ' * (row.n_class > 1)}{counted(row.n_class, 'edit')}"
        )
    return f"the verifier no longer sees {_own(own_class)} in {many} of {counted(row.n_class, 'edit')}"


def class_caution(data: ReportData) -> str | None:
    """Which of what was shown to matter changes the class itself; ``None`` if nothing does."""
    rows = [row for row in shown(data) if (row.class_lost or 0) >= WORTH and row.n_class]
    if not rows:
        return None
    told = [f"{round((row.class_lost or 0) * (row.n_class or 0))} of {row.n_class} of ‘{row.name}’" for row in rows]
    rest = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return (
        f"After some edits the verifier no longer sees {_own(data.own_class)}, so that a classifier that follows them "
        f"may be right: {', '.join(told[:_NAMED])}{rest}."
    )


def _own(own_class: str) -> str:
    return f"‘{own_class}’" if own_class else "an image’s own class"
