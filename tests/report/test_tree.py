from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from diffex_cli.report.data import ReportData
from diffex_cli.report.tree import hierarchy


def test_branches_are_ordered_by_their_strongest_attribute(report_data: ReportData) -> None:
    tree = hierarchy(report_data)
    assert [branch.id for branch in tree.roots] == ["background", "head", "evil", "hat"]
    assert tree.unseen == ("tail",)
    background, head = tree.roots[:2]
    assert [child.id for child in background.children] == ["background/snow", "background/water"]
    assert background.unseen == ("desert background",)
    assert [child.id for child in head.children[0].children] == ["-head/crest/no-crest", "head/crest/tall-crest"]


def test_every_row_appears_exactly_once(report_data: ReportData) -> None:
    shown = [row.candidate for root in hierarchy(report_data).roots for row in root.rows()]
    assert sorted(shown) == sorted(row.candidate for row in report_data.rows)


def test_what_the_corpus_lacks_stands_among_the_roots_and_sets_nowhere(report_data: ReportData) -> None:
    foreign = dataclasses.replace(report_data.rows[0], candidate="wing", name="wing", influence=5.0, group=False)
    joint = dataclasses.replace(report_data.rows[0], candidate="evil + hat", name="both", influence=6.0)
    tree = hierarchy(dataclasses.replace(report_data, rows=(*report_data.rows, foreign, joint)))
    assert tree.roots[0].id == "wing"
    assert not tree.roots[0].group
    assert "evil + hat" not in {row.candidate for root in tree.roots for row in root.rows()}


def test_unknown_numbers_sort_last(with_rows: Callable[..., ReportData]) -> None:
    tree = hierarchy(with_rows({"evil": {"influence": math.nan}}))
    assert tree.roots[-1].id == "evil"


def test_an_unscored_group_still_carries_its_scored_children(report_data: ReportData) -> None:
    rows = tuple(row for row in report_data.rows if row.candidate != "head")
    head = next(root for root in hierarchy(dataclasses.replace(report_data, rows=rows)).roots if root.id == "head")
    assert head.row is None
    assert head.strength == 0.61
