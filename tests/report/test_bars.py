from __future__ import annotations

import dataclasses
import math

from diffex_cli.report.bars import Axis
from diffex_cli.report.data import ReportData


def test_the_axis_is_symmetric_and_holds_everything(report_data: ReportData) -> None:
    axis = Axis.over(report_data.rows, 0.1, None)
    assert math.isclose(axis.span, 2.41)
    assert axis.at(0.0) == 50.0
    for row in report_data.rows:
        bar = axis.bar(row)
        assert bar is not None
        assert bar.low is not None
        assert bar.high is not None
        assert 0 <= bar.low < bar.high <= 100
        assert (bar.start < 50) == (row.effect < 0)
        assert math.isclose(bar.start if row.effect < 0 else bar.start + bar.width, axis.at(row.effect), abs_tol=0.02)


def test_unknown_effects_have_no_bar_and_unknown_intervals_no_whiskers(report_data: ReportData) -> None:
    axis = Axis.over(report_data.rows)
    row = report_data.rows[0]
    assert axis.bar(dataclasses.replace(row, effect=math.nan)) is None
    bar = axis.bar(dataclasses.replace(row, low=math.nan))
    assert bar is not None
    assert bar.low is bar.high is None


def test_an_axis_over_nothing_does_not_divide_by_zero() -> None:
    assert Axis.over(()).at(1.0) == 50.0


def test_the_held_out_effect_has_its_own_mark(judged_data: ReportData) -> None:
    axis = Axis.over(judged_data.rows)
    kept, dropped = (axis.bar(row) for row in (judged_data.rows[0], judged_data.rows[4]))
    assert kept is not None
    assert dropped is not None
    assert kept.again == axis.at(2.31 * 0.9)
    assert kept.again_low == axis.at(2.31 * 0.9 - 0.3)
    assert kept.again_high == axis.at(2.31 * 0.9 + 0.3)
    assert dropped.again is dropped.again_low is dropped.again_high is None


def test_a_wild_interval_does_not_flatten_the_others(report_data: ReportData) -> None:
    wild = dataclasses.replace(report_data.rows[0], high=45_757.0)
    axis = Axis.over((wild, *report_data.rows[1:]))
    assert axis.span == 2.5 * 2.31
    bar = axis.bar(wild)
    assert bar is not None
    assert bar.high == axis.at(1e9) <= 100


def test_an_axis_can_be_made_of_effects_and_ends_alone() -> None:
    assert Axis.of([0.5, None, -1.0], [math.nan, 2.0, -0.1]).span == 2.0
    assert Axis.of([1.0], [100.0]).span == 2.5
    assert Axis(2.0).interval(-1.0, 1.0) == (26.0, 74.0)
    assert Axis(2.0).interval(math.nan, 1.0) == (None, None)
