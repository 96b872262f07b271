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


def _with_pairs(data: ReportData, shots: list[tuple[float, float, float]]) -> ReportData:
    """The strongest row's pairs with these changes, and probabilities before and after."""
    row = data.rows[0]
    pairs = [
        dataclasses.replace(
            pair,
            delta=delta,
            original=dataclasses.replace(pair.original, probability=before),
            edited=dataclasses.replace(pair.edited, probability=after),
        )
        for pair, (delta, before, after) in zip(data.pairs[row.candidate], shots, strict=False)
    ]
    return dataclasses.replace(data, pairs={row.candidate: tuple(pairs)})


def test_the_pair_that_is_shown_carries_the_claim(report_data: ReportData) -> None:
    row = report_data.rows[0]
    shots = [(2.3, 0.0001, 0.0002), (-2.2, 0.4, 0.1), (2.2, 0.4, 0.3), (1.0, 0.1, 0.3), (4.0, 0.1, 0.9), (2.31, 1, 1)]
    data = _with_pairs(report_data, shots)
    chosen = choose.telling_pairs(data, row, Gallery(), 6)
    # those that rise visibly, the nearest to the mean first; those that do not; the one that falls
    assert [pair.image for pair in chosen] == [f"image-{i}" for i in (3, 4, 5, 0, 2, 1)]
    assert choose.strip(data, hierarchy(data), Gallery())[0].pair == chosen[0]


def test_an_effect_that_lowers_is_shown_by_a_probability_that_falls(report_data: ReportData) -> None:
    row = dataclasses.replace(report_data.rows[0], effect=-2.31)
    data = _with_pairs(report_data, [(-2.3, 0.2, 0.3), (-1.0, 0.3, 0.2)])
    assert choose.telling_pairs(data, row, Gallery(), 1)[0].image == "image-1"


def test_without_probabilities_the_change_alone_decides(report_data: ReportData) -> None:
    shots = [(2.0, math.nan, math.nan), (-2.31, math.nan, math.nan), (2.3, math.nan, math.nan)]
    data = _with_pairs(report_data, shots)
    chosen = choose.telling_pairs(data, report_data.rows[0], Gallery(), 3)
    assert [pair.image for pair in chosen] == ["image-2", "image-0", "image-1"]
