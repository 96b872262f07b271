"""The ranking as the hierarchy that it came from: coarse attributes first, strongest branch first."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from diffex_cli.core.hierarchy import Node
from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.facts import is_set, ranked
from diffex_cli.report.numbers import finite


@dataclasses.dataclass(frozen=True, slots=True)
class Branch:
    """One attribute and the scored ones below it.

    Attributes:
        id: the candidate's id.
        name: what people read.
        row: its measurement; None if only attributes below it were scored.
        children: the scored branches below, strongest first.
        unseen: names of the attributes directly below of which nothing was scored.
    """

    id: str
    name: str
    row: Row | None
    children: tuple[Branch, ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def group(self) -> bool:
        """Whether there are finer attributes below."""
        return bool(self.children or self.unseen or (self.row and self.row.group))

    @property
    def strength(self) -> float:
        """The largest influence in the branch, in logits; −1 if none is known."""
        return max((row.influence for row in self.rows() if finite(row.influence)), default=-1.0)

    def rows(self) -> Iterator[Row]:
        """The measurements of the branch, its own first."""
        if self.row:
            yield self.row
        for child in self.children:
            yield from child.rows()


@dataclasses.dataclass(frozen=True, slots=True)
class Tree:
    """The scored hierarchy.

    Attributes:
        roots: the scored branches, strongest first; single candidates that are no node of the corpus
            stand among the roots, sets of attributes nowhere.
        unseen: names of the roots of which nothing was scored.
    """

    roots: tuple[Branch, ...]
    unseen: tuple[str, ...]


def hierarchy(data: ReportData) -> Tree:
    """Hang the ranking's rows into the corpus."""
    rows = {row.candidate: row for row in ranked(data.rows) if not is_set(row)}
    branches = [_branch(root, rows) for root in data.corpus.roots]
    known = {_row_id(node, rows) for node in data.corpus.walk()}
    others = [Branch(row.candidate, row.name, row) for row in rows.values() if row.candidate not in known]
    unseen = tuple(root.name for root, branch in zip(data.corpus.roots, branches, strict=True) if branch is None)
    return Tree(_strongest_first([*(branch for branch in branches if branch), *others]), unseen)


def _branch(node: Node, rows: Mapping[str, Row]) -> Branch | None:
    children = [_branch(child, rows) for child in node.children]
    row = rows.get(_row_id(node, rows))
    if row is None and not any(children):
        return None
    unseen = tuple(child.name for child, branch in zip(node.children, children, strict=True) if branch is None)
    return Branch(node.candidate.id, node.name, row, _strongest_first([child for child in children if child]), unseen)


def _row_id(node: Node, rows: Mapping[str, Row]) -> str:
    """A removed attribute's candidate id has a leading ``-``; accept the plain node id as well."""
    return node.candidate.id if node.candidate.id in rows else node.id


def _strongest_first(branches: list[Branch]) -> tuple[Branch, ...]:
    return tuple(sorted(branches, key=lambda branch: (-branch.strength, branch.id)))
