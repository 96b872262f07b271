from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from diffex_cli.report import choose
from diffex_cli.report.claims import with_claims
from diffex_cli.report.data import ReportData
from diffex_cli.report.pictures import Gallery
from diffex_cli.report.tree import hierarchy


def test_pairs_are_those_closest_to_the_mean_whatever_their_order(report_data: ReportData) -> None:
    row = report_data.rows[0]
    expected = ["image-2", "image-3", "image-1", "image-4"]
    chosen = choose.typical_pairs(report_data, row, Gallery(), 4)
    assert sorted(pair.image for pair in chosen) == sorted(expected)
    assert {pair.image for pair in chosen[:2]} == {"image-2", "image-3"}
    turned = {id: tuple(reversed(pairs)) for id, pairs in report_data.pairs.items()}
    assert choose.typical_pairs(dataclasses.replace(report_data, pairs=turned), row, Gallery(), 4) == chosen


def test_unreadable_and_unmeasured_pairs_are_passed_over(report_data: ReportData) -> None:
    row = report_data.rows[0]
    pairs = list(report_data.pairs[row.candidate])
    pairs[2].edited.file.write_bytes(b"\x89PNG torn")
    pairs[3] = dataclasses.replace(pairs[3], delta=math.nan)
    pairs[1].edited.file.unlink()
    data = dataclasses.replace(report_data, pairs={row.candidate: tuple(pairs)})
    gallery = Gallery()
    assert [pair.image for pair in choose.typical_pairs(data, row, gallery, 4)] == ["image-4", "image-0", "image-5"]
    assert len(gallery.warnings) == 2
    assert "edit-0-2.png is missing or cannot be read" in gallery.warnings[0]


def test_groups_with_something_that_could_matter_below_give_way_to_it(report_data: ReportData) -> None:
    leading = choose.leading_rows(report_data, hierarchy(report_data))
    assert [row.candidate for row in leading] == [
        "background/snow",
        "-head/crest/no-crest",
        "head/crest/tall-crest",
        "evil",
        "background/water",
    ]


def test_with_no_intervals_the_strongest_are_shown_but_no_placebo(
    with_rows: Callable[..., ReportData],
) -> None:
    data = with_rows({}, low=math.nan, high=math.nan)
    leading = choose.leading_rows(data, hierarchy(data))
    assert leading[0].candidate == "background/snow"
    assert "hat" not in {row.candidate for row in leading}


def test_columns_are_headed_by_the_coarser_attribute_on_one_image(report_data: ReportData) -> None:
    columns = choose.columns(report_data, hierarchy(report_data), Gallery())
    assert [column.head.row.candidate for column in columns] == ["background", "head/crest", "evil"]
    assert [shown.row.candidate for shown in columns[1].subtypes] == ["-head/crest/no-crest", "head/crest/tall-crest"]
    for column in columns:
        assert len({shown.pair.image for shown in (column.head, *column.subtypes)}) == 1


def test_a_coarser_attribute_without_pictures_does_not_hide_the_finer_one(report_data: ReportData) -> None:
    pairs = {**report_data.pairs, "background": ()}
    data = dataclasses.replace(report_data, pairs=pairs)
    columns = choose.columns(data, hierarchy(data), Gallery())
    assert columns[0].head.row.candidate == "background/snow"
    assert columns[0].subtypes == ()


def test_what_was_shown_to_matter_leads_and_sets_have_their_own_place(
    judged_data: ReportData, nothing_passed: ReportData
) -> None:
    for data, leading in (
        (judged_data, ["background/snow", "-head/crest/no-crest"]),
        (
            nothing_passed,
            ["background/snow", "-head/crest/no-crest", "head/crest/tall-crest", "evil", "background/water"],
        ),
    ):
        rows = choose.leading_rows(data, hierarchy(data))
        assert [row.candidate for row in rows] == leading
        assert len(choose.columns(data, hierarchy(data), Gallery())) > 0


def test_a_coarse_attribute_that_matters_is_not_hidden_by_a_finer_one_that_could(judged_data: ReportData) -> None:
    rows = (
        dataclasses.replace(row, p_corrected=0.01 if row.candidate == "head/crest" else 0.4, status="kept")
        for row in judged_data.rows
    )
    data = dataclasses.replace(judged_data, rows=with_claims(rows, judged_data.delta))
    assert [row.candidate for row in choose.leading_rows(data, hierarchy(data))] == ["head/crest"]
