"""Which pictures stand for an attribute: those that change as the mean does, never the prettiest."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from diffex_cli.report.claims import claims, shown
from diffex_cli.report.data import Pair, ReportData, Row
from diffex_cli.report.facts import is_set, ranked
from diffex_cli.report.numbers import finite, percent
from diffex_cli.report.tree import Branch, Tree

COLUMNS = 7
"""Attributes in the overview, as in the paper's figures."""
SUBTYPES = 2
"""Finer attributes shown below each one of them."""


class Reader(Protocol):
    """Reads pictures."""

    def picture(self, file: Path) -> object | None:
        """What is in the file, or ``None`` if it cannot be read."""
        ...


def typical_pairs(data: ReportData, row: Row, gallery: Reader, count: int) -> tuple[Pair, ...]:
    """The readable pairs whose change lies closest to the mean, closest first; ties by image key.

    Args:
        data: the report's data.
        row: the attribute.
        gallery: reads the pictures.
        count: how many at most.
    """
    chosen: list[Pair] = []
    for pair in sorted(measured_pairs(data, row), key=lambda pair: (abs(pair.delta - row.effect), pair.image)):
        if len(chosen) == count:
            break
        if _readable(pair, gallery):
            chosen.append(pair)
    return tuple(chosen)


def telling_pairs(data: ReportData, row: Row, gallery: Reader, count: int) -> tuple[Pair, ...]:
    """The readable pairs that carry what is said of an attribute, the best first.

    Those come first whose change has the sign of the mean and whose probability moves the same way by so much that the
    figures under the pictures differ; then those of that sign whose figures do not; then the others. Among equals the
    change nearest to the mean decides, then the image's key.

    Args:
        data: the report's data.
        row: the attribute.
        gallery: reads the pictures.
        count: how many at most.
    """

    def key(pair: Pair) -> tuple[int, float, str]:
        return _carries(pair, row), abs(pair.delta - row.effect), pair.image

    readable = (pair for pair in sorted(measured_pairs(data, row), key=key) if _readable(pair, gallery))
    return tuple(itertools.islice(readable, count))


def _carries(pair: Pair, row: Row) -> int:
    """0 for a pair that shows the mean's direction, 1 if only its figures do not, 2 if it goes against it."""
    if pair.delta * row.effect <= 0:
        return 2
    before, after = pair.original.probability, pair.edited.probability
    if not (finite(before) and finite(after)):
        return 0
    return int((after - before) * row.effect <= 0 or percent(before) == percent(after))


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """An attribute with the one pair that stands for it."""

    row: Row
    pair: Pair


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """An attribute of the figure and, on the same input image, its strongest finer attributes."""

    head: Shown
    subtypes: tuple[Shown, ...] = ()


def leading_rows(data: ReportData, tree: Tree) -> tuple[Row, ...]:
    """The single attributes worth a picture, the strongest first: those that were shown to matter, else those that
    could, coarse ones only where nothing below is among them; else the strongest attributes that were scored.
    """
    rows = shown(data) or claims(data).undecided
    chosen = {row.candidate for row in rows}
    shadowed = {
        branch.row.candidate
        for branch in _branches(tree.roots)
        if branch.row and any(row.candidate in chosen for child in branch.children for row in child.rows())
    }
    leading = tuple(row for row in rows if row.candidate not in shadowed)
    others = (row for row in ranked(data.rows) if not row.placebo and not is_set(row) and finite(row.effect))
    return leading or tuple(others)


def strip(data: ReportData, tree: Tree, gallery: Reader) -> tuple[Shown, ...]:
    """The leading attributes, at most :data:`COLUMNS`, each with the pair that carries what is said of it."""
    shown: list[Shown] = []
    for row in leading_rows(data, tree):
        if len(shown) == COLUMNS:
            break
        shown.extend(Shown(row, pair) for pair in telling_pairs(data, row, gallery, 1))
    return tuple(shown)


def columns(data: ReportData, tree: Tree, gallery: Reader) -> tuple[Column, ...]:
    """The figure's columns: for each leading row the attribute it belongs to, with its subtypes.

    A column is headed by the nearest coarser attribute that was scored, since a finer one says
    more beside its siblings (“crest”: “tall crest”, “short crest”).
    """
    parents = {
        child.row.candidate: branch
        for branch in _branches(tree.roots)
        if branch.row and finite(branch.row.effect)
        for child in branch.children
        if child.row
    }
    own = {branch.row.candidate: branch for branch in _branches(tree.roots) if branch.row}
    result: list[Column] = []
    seen: set[str] = set()
    for row in leading_rows(data, tree):
        if len(result) == COLUMNS:
            break
        head = parents.get(row.candidate, own[row.candidate])
        if head.id in seen:
            continue
        seen.add(head.id)
        column = _column(data, head, gallery) or _column(data, own[row.candidate], gallery)
        if column:
            result.append(column)
    return tuple(result)


def _column(data: ReportData, head: Branch, gallery: Reader) -> Column | None:
    by_influence = sorted(
        (child.row for child in head.children if child.row and finite(child.row.effect)),
        key=lambda row: (-row.influence, row.rank, row.candidate),
    )
    rows = [row for row in (head.row, *by_influence[:SUBTYPES]) if row]
    pairs = {row.candidate: {pair.image: pair for pair in measured_pairs(data, row)} for row in rows}

    def distance(image: str) -> tuple[int, float, str]:
        there = [row for row in rows if image in pairs[row.candidate]]
        apart = sum(abs(pairs[row.candidate][image].delta - row.effect) for row in there)
        return -len(there), apart, image

    for image in sorted(pairs[rows[0].candidate], key=distance):
        shown = [
            Shown(row, pairs[row.candidate][image])
            for row in rows
            if image in pairs[row.candidate] and _readable(pairs[row.candidate][image], gallery)
        ]
        if shown and shown[0].row is rows[0]:
            return Column(shown[0], tuple(shown[1:]))
    return None


def measured_pairs(data: ReportData, row: Row) -> list[Pair]:
    """The pairs of an attribute whose change is known."""
    pairs = data.pairs.get(row.candidate, ()) if finite(row.effect) else ()
    return [pair for pair in pairs if finite(pair.delta)]


def _readable(pair: Pair, gallery: Reader) -> bool:
    return gallery.picture(pair.original.file) is not None and gallery.picture(pair.edited.file) is not None


def _branches(roots: Iterable[Branch]) -> Iterable[Branch]:
    for branch in roots:
        yield branch
        yield from _branches(branch.children)
