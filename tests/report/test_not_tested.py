"""What an editor cannot draw: a list of its own, in every place where people read of it."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from diffex_cli.report import sentences
from diffex_cli.report.build import build
from diffex_cli.report.claims import claims, with_claims
from diffex_cli.report.csv_files import ranking_csv
from diffex_cli.report.data import ReportData
from diffex_cli.report.details import checks
from diffex_cli.report.facts import cannot_draw, landed, standing, untested
from diffex_cli.report.leaks import Leak
from diffex_cli.report.publication.table import write_table
from diffex_cli.report.terminal import show
from diffex_cli.report.words import plain

SEEN: dict[str, Any] = {"landed": 1 / 12, "landed_low": 0.03, "landed_high": 0.2, "n_landed": 48}
NO_VERIFIER = "No verifier looked at the edits: effects are of what was asked for, not of what the pictures show."


@pytest.fixture
def unlanded(with_rows: Callable[..., ReportData]) -> ReportData:
    """A strong attribute, a small one, and a removal that the editor cannot draw."""
    small = {"effect": 0.01, "influence": 0.01, "low": -0.02, "high": 0.04}
    return with_rows(
        {
            "background/snow": {"p_corrected": 0.001, **SEEN},
            "background/water": {**small, **SEEN, "landed": 0.0},
            "-head/crest/no-crest": {**SEEN, "landed": 1 / 48},
            "head/crest/tall-crest": {"p_corrected": 0.001, **SEEN, "landed": 0.5},
        }
    )


def test_it_is_in_no_other_list_however_large_or_small_it_looks(unlanded: ReportData) -> None:
    told = claims(unlanded)
    ids = [row.candidate for row in told.not_tested]
    assert ids == ["background/snow", "-head/crest/no-crest", "background/water"]
    others = {one.row.candidate for one in told.matters} | {row.candidate for row in (*told.undecided, *told.small)}
    assert not others & set(ids)
    assert "head/crest/tall-crest" in others


def test_the_sentence_says_how_many_edits_show_it(unlanded: ReportData) -> None:
    (text,) = sentences.not_tested(unlanded)
    assert plain(text) == (
        "The editor cannot draw these, so they were not tested: snow background (4 of 48 edits show it), no crest (1 "
        "of 48 edits no longer shows it) and water background (0 of 48 edits show it)."
    )
    assert sentences.counts_sentence(unlanded).endswith("; 3 were not tested.")


def test_one_is_told_as_one_and_none_not_at_all(with_rows: Callable[..., ReportData], report_data: ReportData) -> None:
    (text,) = sentences.not_tested(with_rows({"evil": SEEN}))
    assert plain(text).startswith("The editor cannot draw this, so it was not tested: <script>")
    assert sentences.not_tested(report_data) == ()


def test_a_few_edits_do_not_tell_that_the_editor_cannot(with_rows: Callable[..., ReportData]) -> None:
    few = {"landed": 0.0, "landed_low": 0.0, "landed_high": 0.56, "n_landed": 3}
    data = with_rows({"background/snow": few, "background/water": {**SEEN, "landed": 0.0}}, **{**SEEN, "landed": 0.5})
    cannot, unclear = map(plain, sentences.not_tested(data))
    assert cannot == "The editor cannot draw this, so it was not tested: water background (0 of 48 edits show it)."
    assert unclear == (
        "There are too few edits to tell whether the editor can draw this, so it was not tested: snow background (0 of "
        "3 edits show it)."
    )
    assert {row.candidate for row in claims(data).not_tested} == {"background/snow", "background/water"}
    snow = next(row for row in data.rows if row.candidate == "background/snow")
    assert untested(snow).startswith("0 of 3 edits show it, which tells little; more images")
    nothing = with_rows({}, **few)
    assert sentences.counts_sentence(nothing).startswith("No attribute could be tested: hardly any edit shows what it")


@pytest.mark.parametrize(
    ("many", "edits", "cannot"), [(0, 1, False), (0, 3, False), (0, 4, True), (1, 6, False), (1, 8, True)]
)
def test_by_the_interval_most_edits_must_fail(report_data: ReportData, many: int, edits: int, cannot: bool) -> None:
    row = dataclasses.replace(report_data.rows[0], landed=many / edits, n_landed=edits)
    assert cannot_draw(row) == cannot
    assert not cannot_draw(dataclasses.replace(row, landed=None, n_landed=None))


def test_where_nothing_lands_nothing_is_called_small_or_unmeasured(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({}, **SEEN)
    assert plain(sentences.headline(data)) == (
        "Nothing could be tested for ‘cardinal’: the editor draws nothing of what it was asked for."
    )
    assert sentences.counts_sentence(data) == "No attribute could be tested: the editor draws none of them."


def test_a_best_set_that_did_not_land_is_said_to_be_untested(judged_data: ReportData) -> None:
    rows = [
        dataclasses.replace(row, **SEEN) if row.candidate == judged_data.best_joint else row for row in judged_data.rows
    ]
    joint = sentences.joint_sentence(dataclasses.replace(judged_data, rows=with_claims(rows, 0.1)))
    assert joint is not None
    assert plain(joint).endswith(" It was not tested: 4 of 48 edits do all of it.")


def test_terminal_and_page_have_the_list(unlanded: ReportData, tmp_path: Path) -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    show(unlanded, console, everything=True)
    text = console.export_text()
    assert "The editor cannot draw these, so they were not tested: snow background (4 of 48 edits show it)" in text
    build(unlanded, tmp_path / "report")
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert ">Not tested</" in page
    assert '<option value="not tested">what was not tested</option>' in page
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert report["counts"]["not_tested"] == 3
    assert len(report["overview"]["not_tested"]) == 1
    snow = next(one for one in report["attributes"] if one["id"] == "background/snow")
    assert (snow["claim"], snow["standing"], snow["n_landed"]) == ("not tested", "not tested", 48)


def test_what_the_verifier_saw_is_in_the_details(report_data: ReportData) -> None:
    row = dataclasses.replace(
        report_data.rows[0],
        landed=31 / 44,
        landed_low=0.558,
        landed_high=0.818,
        n_landed=44,
        shown=4,
        effect=0.61,
        effect_asked=0.42,
    )
    also = tuple(Leak(f"x/{i}", f"thing {i}", share, 44) for i, share in enumerate((0.48, 0.2, 0.1, 0.05)))
    data = dataclasses.replace(report_data, also_changed={row.candidate: (*also, Leak("x/4", "thing 4", 0.0, 44))})
    told = {one.label: one.value.replace("\N{NO-BREAK SPACE}", " ") for one in checks(row, data)}
    assert told == {
        "Edits that landed": "31 of 44 edits show it (95 %: 56–82 %)",
        "Seen already": "4 images showed it already and were left alone",
        "As asked": "+0.42 logits; adjusted for what the edits showed +0.61",
        "Also changed": "thing 0 in 48 % of 44 edits, thing 1 in 20 % of 44 edits, thing 2 in 10 % of 44 edits",
    }
    same = dataclasses.replace(row, effect=0.42)
    assert "As asked" not in {one.label for one in checks(same, data)}
    assert checks(report_data.rows[0], report_data) == ()


def test_one_image_and_one_edit_read_well(report_data: ReportData) -> None:
    row = dataclasses.replace(report_data.rows[0], landed=1.0, n_landed=1, shown=1)
    assert landed(row) == "1 of 1 edit shows it"
    told = {one.label: one.value for one in checks(row, report_data)}
    assert told["Seen already"] == "1 image showed it already and was left alone"
    assert standing(dataclasses.replace(row, claim="not tested")) == "not tested"


def test_a_search_that_nobody_checked_says_so_and_an_earlier_one_is_silent(report_data: ReportData) -> None:
    cautions = {one: sentences.cautions(dataclasses.replace(report_data, verified=one)) for one in (True, False, None)}
    assert NO_VERIFIER in cautions[False]
    assert NO_VERIFIER not in (*cautions[True], *cautions[None])


def test_the_tables_for_publications_and_spreadsheets_have_the_claim(unlanded: ReportData) -> None:
    assert "not tested" in ranking_csv(unlanded.rows)
    table = write_table([unlanded], "csv")
    assert "tall crest" in table
    assert "snow background" not in table  # it is strong, but was not tested
