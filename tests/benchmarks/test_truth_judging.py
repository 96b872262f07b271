from __future__ import annotations

import dataclasses
import math

import pytest
from truth_tables import FEW, FOREST, SHORT

from benchmarks.truth.exact import Exact, fine_nodes, joint, pairs
from benchmarks.truth.judging import marks_of, mean_marks
from benchmarks.truth.methods import Finding
from diffex_cli.birds.panel.members import PANEL, Member

SNOW, LONG = "background/land-background/snow-background", "tail/tail-shape/long-tail"
MEMBER = PANEL["single-snow"]
NULL = PANEL["null-constant"]
SINGLES = {node.id: 0.0 for node in FEW.walk()} | {SNOW: 3.0, FOREST: -2.0, SHORT: 1.0, LONG: 0.05}
EXACT = Exact(
    SINGLES,
    {frozenset((a.id, b.id)): SINGLES[a.id] + SINGLES[b.id] for a, b in pairs(FEW)},
    3.0,
    fine_nodes(FEW),
)
RIGHT = Finding(
    effects={SNOW: 2.9, FOREST: -2.1, SHORT: 1.2, LONG: -0.01},
    signed=True,
    reported=frozenset({SNOW, FOREST}),
    pair=(FEW.node(SNOW), FEW.node(SHORT)),
    intervals={},
    looked_at=10,
    edits=40,
    joint_edits=8,
)


def test_what_is_right_gets_full_marks() -> None:
    marks = marks_of(MEMBER, RIGHT, EXACT, FEW)
    assert (marks.ndcg5, marks.precision3, marks.signs, marks.spearman, marks.pair) == pytest.approx((1, 1, 1, 1, 1))
    assert (marks.edits, marks.joint_edits) == (40, 8)
    assert math.isnan(marks.false_positives)
    assert math.isnan(marks.planted)


def test_errors_cost() -> None:
    wrong = dataclasses.replace(
        RIGHT,
        effects={LONG: 5.0, SNOW: -3.0, SHORT: 1.0, FOREST: -0.5},
        pair=(FEW.node(FOREST), FEW.node(LONG)),
    )
    marks = marks_of(MEMBER, wrong, EXACT, FEW)
    assert marks.ndcg5 < 1
    assert marks.precision3 == pytest.approx(2 / 3)
    assert marks.signs == pytest.approx(2 / 3), "the influence of the long tail is below δ"
    assert marks.spearman < 0
    assert marks.pair == 0


def test_a_pair_of_a_group_has_the_mean_of_its_options() -> None:
    land = FEW.node("background/land-background")
    assert EXACT.pair((land, FEW.node(SHORT))) == pytest.approx((3 - 2 + 0) / 3 + 1)
    assert math.isnan(EXACT.pair((land, FEW.node(SNOW)))), "one picture has one background"
    assert math.isnan(EXACT.pair((FEW.node("accessories"), FEW.node(SHORT))))


def test_where_no_pair_does_more_than_one_value_none_is_to_be_found() -> None:
    assert marks_of(MEMBER, dataclasses.replace(RIGHT, pair=None), EXACT, FEW).pair == 0
    alone = dataclasses.replace(EXACT, best_single=3.9)
    assert math.isnan(marks_of(MEMBER, dataclasses.replace(RIGHT, pair=None), alone, FEW).pair)


def test_pairs_are_of_values_of_different_attributes() -> None:
    assert len(pairs(FEW)) == 3 * 5
    assert len(joint(pairs(FEW)[0]).terms) == 2


def test_the_planted_attribute_counts_where_it_is_truly_on_top() -> None:
    planted = PANEL["planted-background-95"]
    assert marks_of(planted, RIGHT, EXACT, FEW).planted == 1
    assert marks_of(planted, dataclasses.replace(RIGHT, effects={SHORT: 1.0, SNOW: 0.5}), EXACT, FEW).planted == 0
    elsewhere = PANEL["planted-belly-75"]
    assert math.isnan(marks_of(elsewhere, RIGHT, EXACT, FEW).planted)


@pytest.mark.parametrize("member", [NULL])
def test_a_null_classifier_is_judged_by_what_is_reported_alone(member: Member) -> None:
    marks = marks_of(member, RIGHT, dataclasses.replace(EXACT, pairs={}), FEW)
    assert marks.false_positives == pytest.approx(0.2)
    assert all(math.isnan(one) for one in (marks.ndcg5, marks.precision3, marks.signs, marks.spearman, marks.pair))
    placebo = dataclasses.replace(RIGHT, reported=frozenset({"accessories/hat"}))
    assert marks_of(member, placebo, EXACT, FEW).false_positives == 0
    assert math.isnan(marks_of(member, dataclasses.replace(RIGHT, reported=None), EXACT, FEW).false_positives)


def test_directions_are_judged_only_where_they_are_given() -> None:
    assert math.isnan(marks_of(MEMBER, dataclasses.replace(RIGHT, signed=False), EXACT, FEW).signs)


def test_means_leave_out_what_has_no_meaning() -> None:
    marks = marks_of(MEMBER, RIGHT, EXACT, FEW)
    other = dataclasses.replace(marks, ndcg5=0.5, signs=math.nan, edits=20.0)
    mean = mean_marks([marks, other])
    assert (mean.ndcg5, mean.signs, mean.edits) == pytest.approx((0.75, 1, 30))
    assert math.isnan(mean.planted)
