from __future__ import annotations

import dataclasses
from collections.abc import Callable

from diffex_cli.report import sentences
from diffex_cli.report.data import Level, ReportData, Step
from diffex_cli.report.words import plain


def findings(data: ReportData) -> list[str]:
    return [plain(text).replace("\N{NO-BREAK SPACE}", " ") for text in sentences.findings(data)]


def unimportant(data: ReportData) -> list[str]:
    return [plain(text) for text in sentences.unimportant(data)]


def test_each_finding_has_effect_interval_share_and_flips(judged_data: ReportData) -> None:
    assert findings(judged_data) == [
        "snow background raises (+2.31 logits, 95 % +2.21 to +2.41, n = 6), on 83 % of the images; where it "
        "was not the prediction, 31 % flip to it; on held-out images +2.08 (+1.78 to +2.38).",
        "no crest lowers (−0.61 logits, 95 % −0.71 to −0.51, n = 6), on 17 % of the images; where it was "
        "the prediction, 7 % flip away from it; on held-out images −0.55 (−0.85 to −0.25).",
    ]
    assert sentences.findings(judged_data)[0][0].candidate == "background/snow"


def test_of_many_findings_the_rest_is_counted(with_rows: Callable[..., ReportData]) -> None:
    told = findings(with_rows({}, status="kept"))
    assert len(told) == 6
    assert told[-1] == "3 more attributes were kept, with smaller effects."


def test_without_any_there_are_none(nothing_passed: ReportData) -> None:
    assert findings(nothing_passed) == []


def test_what_did_not_matter_is_told_from_what_could_not_be_told(report_data: ReportData) -> None:
    assert unimportant(report_data) == [
        "Did not matter (less than δ = 0.10 logits on average): water background (+0.050).",
        "Seemed to move it, but were not kept: background (+0.15).",
        "The placebo hat, which these images cannot have, moved it by +0.042 logits.",
    ]


def test_a_group_above_a_finding_is_never_said_not_to_matter(report_data: ReportData) -> None:
    # "head" itself moves nothing on average, but "crest" below it was kept
    assert not any("head (" in text for text in unimportant(report_data))


def test_what_moves_images_both_ways_is_said_apart(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({})
    level = Level(2, (Step("background/water", "water background", "dropped", reach=0.4),))
    told = unimportant(dataclasses.replace(data, levels=(level,)))
    assert told[0] == "Moved images both ways, so that little is left on average: water background (+0.050)."


def test_the_noise_floor_counts_as_nothing(judged_data: ReportData) -> None:
    told = unimportant(judged_data)[0]
    assert told.startswith("Did not matter (less than δ = 0.10 logits on average, or no more than noise can):")
    assert "background (+0.15)" not in told  # above "snow background"
    assert "(+0.12)" in told
