"""The words under pictures: what was done to them, and whose probability it is."""

from __future__ import annotations

from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.facts import is_set
from diffex_cli.report.whom import whom

_TURNED = {" (removed)": "removed", " (added)": "added"}


def after(row: Row) -> str:
    """What an edit did: ``snow background added``, ``crest removed``; what is named for its absence is named alone."""
    if is_set(row):
        named = [part.strip() for part in row.name.split(" + ")]
        return f"{', '.join(named[:-1])} and {named[-1]} together"
    for ending, done in _TURNED.items():
        if row.name.endswith(ending):
            return f"{row.name.removesuffix(ending)} {done}"
    return row.name if row.candidate.startswith("-") else f"{row.name} added"


def called(row: Row, data: ReportData) -> str:
    """Whose probability stands under an attribute's pictures."""
    return whom(row.target, next((score.labels for score in data.evidence.scores.values()), ())).called
