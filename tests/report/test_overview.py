from __future__ import annotations

import dataclasses
from collections.abc import Callable

from scored import scored

from diffex_cli.report import sentences
from diffex_cli.report.claims import with_claims
from diffex_cli.report.data import Level, ReportData, Step
from diffex_cli.report.words import plain

SMALL = {"low": -0.02, "high": 0.08}


def findings(data: ReportData) -> list[str]:
    return [plain(text).replace("\N{NO-BREAK SPACE}", " ") for text in sentences.findings(data)]


def could_matter(data: ReportData) -> str:
    text = sentences.could_matter(data)
    return "" if text is None else plain(text)


def small(data: ReportData) -> list[str]:
    return [plain(text).replace("\N{NO-BREAK SPACE}", " ") for text in sentences.small(data)]


def test_each_finding_has_effect_interval_p_and_what_the_held_out_images_say(judged_data: ReportData) -> None:
    assert findings(judged_data) == [
        "snow background raises ‘cardinal’ most. Its effect is +2.31 logits (95 % interval +2.21 to +2.41, corrected "
        "p = 0.022, n = 6); on 4 held-out images +2.08, +1.78 to +2.38.",
        "no crest lowers ‘cardinal’ most. Its effect is −0.61 logits (95 % interval −0.71 to −0.51, corrected p = "
        "0.022, n = 6); on 4 held-out images −0.55, −0.85 to −0.25.",
    ]
    assert sentences.findings(judged_data)[0][0].candidate == "background/snow"


def test_what_the_headline_does_not_say_of_pictures_the_finding_does(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({}, p_corrected=0.01)
    told = findings(scored(data, {"head/crest/tall-crest": [(-2.0, 2.0), (-2.0, -2.0)]}))
    assert told[2] == (
        "tall crest speaks for ‘cardinal’: with it, 1 of the 2 pictures that were not called ‘cardinal’ is; the mean "
        "probability goes from 12 % to 50 %. Its effect is +0.40 logits (95 % interval +0.30 to +0.50, corrected p = "
        "0.01, n = 6). Its group, crest, matters because of it."
    )


def test_of_many_findings_the_rest_is_counted(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({}, p_corrected=0.01)
    extra = [
        dataclasses.replace(data.rows[0], rank=20 + i, candidate=f"extra-{i}", effect=0.3, influence=0.3)
        for i in range(5)
    ]
    rows = with_claims((*data.rows, *(dataclasses.replace(row, low=0.2, high=0.4) for row in extra)), 0.1)
    # snow background, no crest, tall crest, crest, background and evil, of which one is in one of the others
    many = dataclasses.replace(data, rows=rows)
    told = findings(many)
    assert len(told) == 8
    assert told[-1] == "2 more attributes were shown to matter, with smaller effects."
    fewer = findings(dataclasses.replace(many, rows=rows[:-1]))
    assert fewer[-1] == "1 more attribute was shown to matter, with a smaller effect."


def test_without_any_there_are_none(nothing_passed: ReportData) -> None:
    assert findings(nothing_passed) == []


def test_what_could_matter_is_told_with_how_many_images_would_decide(judged_data: ReportData) -> None:
    assert could_matter(judged_data) == (
        "6 images are too few to say whether these matter: tall crest (+0.40, 23), <script>alert('x')</script> (+0.12) "
        "and water background (+0.050, 25). In brackets: the mean change of the logit, and about how many images would "
        "decide."
    )


def test_of_many_that_could_matter_the_rest_is_counted(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({}, p_corrected=0.3)
    extra = dataclasses.replace(data.rows[0], candidate="extra", name="extra", rank=20)
    told = could_matter(dataclasses.replace(data, rows=(*data.rows, extra)))
    assert " and 1 more. In brackets: " in told
    assert "extra" not in told
    alone = dataclasses.replace(data, rows=data.rows[:1], n_images=1, scale="prob", detectable=float("inf"))
    assert could_matter(alone) == (
        "One image is too few to say whether this matters: snow background (+2.31). In brackets: the mean change of "
        "the probability."
    )


def test_what_is_small_has_its_whole_interval_within_delta(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({"background/water": SMALL, "head": {"low": -0.05, "high": -0.01}})
    assert small(data) == [
        "Shown to do less than δ, with the whole 95 % interval within ±0.10 logits: water background (+0.050) and head "
        "(−0.030)."
    ]
    assert small(with_rows({})) == []


def test_a_group_above_a_finding_is_in_no_list(judged_data: ReportData) -> None:
    # "head" itself moves nothing on average, but "no crest" below it does
    data = dataclasses.replace(
        judged_data,
        rows=with_claims(
            (
                dataclasses.replace(row, low=-0.05, high=-0.01) if row.candidate == "head" else row
                for row in judged_data.rows
            ),
            0.1,
        ),
    )
    assert next(row for row in data.rows if row.candidate == "head").claim == "small"
    assert small(data) == []
    assert "crest (+0.20" not in could_matter(data).replace("tall crest", "")


def test_what_moves_images_both_ways_is_said_apart(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({"background/water": SMALL})
    level = Level(2, (Step("background/water", "water background", "dropped", reach=0.4),))
    assert small(dataclasses.replace(data, levels=(level,))) == [
        "Moved images both ways, so that little is left on average: water background (+0.050)."
    ]


def test_every_attribute_is_counted_once(judged_data: ReportData, with_rows: Callable[..., ReportData]) -> None:
    assert sentences.counts_sentence(judged_data) == (
        "Of 8 attributes, 2 were shown to matter (p ≤ 0.05 when corrected for all 11 comparisons, above the noise "
        "floor) and none to be small; 6 could matter."
    )
    data = with_rows({"background/water": SMALL})
    assert sentences.counts_sentence(data) == (
        "Of 8 attributes, none were shown to matter (p ≤ 0.05, above the noise floor) and 1 to be small; 7 could "
        "matter."
    )
    one = dataclasses.replace(data, rows=data.rows[:1])
    assert sentences.counts_sentence(one) == "The one attribute that was measured could matter."
