from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from diffex_cli.report import facts
from diffex_cli.report.claims import shown
from diffex_cli.report.data import Floor, ReportData

JOINT = "background/snow + head/crest/tall-crest"


def test_the_noise_floor_is_the_recorded_one_or_the_largest_placebo(
    report_data: ReportData, with_rows: Callable[..., ReportData]
) -> None:
    assert facts.noise_floor(report_data) == Floor(0.042, "largest placebo", 1)
    assert facts.noise_floor(with_rows({"head/crest/tall-crest": {"placebo": True}})) == Floor(
        0.4, "largest placebo", 2
    )
    recorded = Floor(0.3, "sign flips", 9)
    assert facts.noise_floor(dataclasses.replace(report_data, floor=recorded)) is recorded
    assert facts.noise_floor(with_rows({}, placebo=False)) is None
    assert facts.noise_floor(with_rows({"hat": {"influence": math.nan}})) is None


def test_what_a_row_says_of_the_floor_comes_first(report_data: ReportData) -> None:
    row = report_data.rows[2]
    assert facts.below_floor(row, Floor(0.4, "placebos", 1))
    assert not facts.below_floor(row, Floor(0.39, "placebos", 1))
    assert not facts.below_floor(row, Floor(math.nan, "placebos", 1))
    assert not facts.below_floor(row, None)
    assert facts.below_floor(dataclasses.replace(row, below_floor=True), None)
    assert not facts.below_floor(dataclasses.replace(row, below_floor=False), Floor(9.0, "placebos", 1))
    # placebos that change no pixel say nothing
    assert not facts.below_floor(dataclasses.replace(row, influence=0.0), Floor(0.0, "placebos", 1))


def test_sets_are_apart_from_single_attributes(judged_data: ReportData) -> None:
    assert [row.candidate for row in facts.sets(judged_data.rows)] == [JOINT, "background/snow + evil"]
    assert not any(facts.is_set(row) for row in shown(judged_data))
