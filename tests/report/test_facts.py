from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from diffex_cli.report import facts
from diffex_cli.report.data import ReportData


def headline(data: ReportData) -> str:
    return str(facts.headline(data).striptags()).replace("\N{NO-BREAK SPACE}", " ")


def test_the_headline_names_what_raises_and_what_lowers_most(report_data: ReportData) -> None:
    assert headline(report_data) == (
        "‘cardinal’ is raised most by snow background (+2.31 logits, 95 % interval +2.21 to +2.41, n = 6) "
        "and lowered most by no crest (−0.61 logits, 95 % interval −0.71 to −0.51, n = 6)."
    )


def test_a_single_direction_says_that_the_other_is_empty(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({"-head/crest/no-crest": {"status": "dropped"}})
    assert headline(data).endswith("n = 6); nothing that was kept lowers it.")


def test_nothing_kept_is_said_with_the_threshold_and_the_strongest(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({}, status="dropped", low=math.nan)
    assert headline(data) == (
        "No attribute that was tried passed δ = 0.10 logits for ‘cardinal’. "
        "The strongest was snow background (+2.31 logits, n = 6)."
    )


def test_nothing_scored_at_all_is_no_crash(report_data: ReportData) -> None:
    data = dataclasses.replace(report_data, rows=())
    assert headline(data) == "No attribute that was tried passed δ = 0.10 logits for ‘cardinal’."


def test_names_in_the_headline_are_escaped(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({"background/snow": {"name": "<b>snow"}})
    assert "<em>&lt;b&gt;snow</em>" in facts.headline(dataclasses.replace(data, target="<i>"))
    assert "‘&lt;i&gt;’" in facts.headline(dataclasses.replace(data, target="<i>"))


def test_a_kept_placebo_explains_nothing(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({"hat": {"effect": 9.0, "influence": 9.0, "status": "kept"}})
    assert "hat" not in headline(data)
    assert "A placebo attribute, ‘hat’, reaches δ: influences up to 9.00 logits can be noise here." in facts.cautions(
        data
    )
    assert any(
        text.startswith("Kept, but not above the noise floor: ‘snow background’") for text in facts.cautions(data)
    )


def test_the_noise_floor_is_the_largest_placebo_or_not_measured(
    report_data: ReportData, with_rows: Callable[..., ReportData]
) -> None:
    assert facts.floor_sentence(report_data.rows) == (
        "Noise floor: 0.042 logits, the largest influence of the only placebo attribute scored (‘hat’)."
    )
    assert "among 2 placebo attributes (‘tall crest’)" in facts.floor_sentence(
        with_rows({"head/crest/tall-crest": {"placebo": True}}).rows
    )
    none = with_rows({}, placebo=False)
    assert facts.noise_floor(none.rows) is None
    assert "not measured" in facts.floor_sentence(none.rows)
    assert "not measured" in facts.floor_sentence(with_rows({"hat": {"influence": math.nan}}).rows)


def test_cautions_name_doubtful_intervals_and_missing_images(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({"head/crest": {"low": -0.1}, "evil": {"n": 3}})
    assert facts.cautions(data) == (
        "Kept, but the 95 % interval includes zero: ‘crest’.",
        "Kept, but measured on fewer than all 6 images: ‘<script>alert('x')</script>’.",
    )
    assert facts.cautions(with_rows({})) == ()
