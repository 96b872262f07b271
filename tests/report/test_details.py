from __future__ import annotations

import dataclasses

from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.details import Figure, figures
from diffex_cli.report.facts import is_set


def told(row: Row, data: ReportData) -> dict[str, Figure]:
    found = figures(row, data)
    assert len({one.label for one in found}) == len(found)
    return {one.label: one for one in found}


def test_everything_that_was_measured_is_told(judged_data: ReportData) -> None:
    found = told(judged_data.rows[0], judged_data)
    assert {label: one.value.replace("\N{NO-BREAK SPACE}", " ") for label, one in found.items()} == {
        "Search estimate": "+2.31 (+2.21 to +2.41) logits, n = 6",
        "Held-out estimate": "+2.08 (+1.78 to +2.38) logits, n = 4; it confirms the effect",
        "p": "0.011",
        "Corrected p": "0.022; beyond chance",
        "Noise floor": "above it (0.18 logits)",
        "Place by coverage": "3",
        "Images tried": "6 of 6; its place was certain by then",
        "Edits that changed the picture": "96 %",
        "Images that move": "5 up, 1 down",
        "Δ probability": "+0.12 (+0.10 to +0.14)",
        "Flips to it": "31 %",
        "Flips from it": "7 %",
        "CaCE": "+0.12",
        "COUT": "−0.45",
        "PN": "0.61 (bounds 0.51 to 0.71)",
        "PS": "0.62 (bounds 0.52 to 0.72)",
        "PNS": "0.63 (bounds 0.53 to 0.73)",
    }
    assert "the search chose" in found["Search estimate"].meaning
    assert "never saw" in found["Held-out estimate"].meaning
    assert "all 11 comparisons" in found["Corrected p"].meaning
    assert found["PN"].meaning == "probability of necessity for ‘cardinal’ being predicted"


def test_a_corrected_p_value_says_which_family_it_was_corrected_for(judged_data: ReportData) -> None:
    data = dataclasses.replace(judged_data, corrected_for_sets=3)
    single, pair = (next(row for row in data.rows if is_set(row) == sets) for sets in (False, True))
    assert "over all 11 comparisons of single attributes of this search" in told(single, data)["Corrected p"].meaning
    assert "over all 3 comparisons of sets of this search" in told(pair, data)["Corrected p"].meaning
    assert "over all 11 comparisons of this search" in told(pair, judged_data)["Corrected p"].meaning


def test_what_was_dropped_early_says_after_how_many_images_and_why(judged_data: ReportData) -> None:
    row = dataclasses.replace(judged_data.rows[4], reason="upper limit 0.08 is below δ = 0.1")
    found = told(row, judged_data)
    assert found["Images tried"].value == "3 of 6; its place was certain by then"
    assert found["Images tried"].meaning == "upper limit 0.08 is below δ = 0.1"
    assert found["Held-out estimate"].value == "not measured"
    assert found["Noise floor"].value == "below it (0.18 logits)"
    undecided = told(dataclasses.replace(row, decided=False), judged_data)
    assert undecided["Images tried"].value == "3 of 6; decided by the best estimate there was"


def test_what_speaks_against_the_target_has_its_causes_called_so(judged_data: ReportData) -> None:
    found = told(judged_data.rows[1], judged_data)
    assert found["PS"].meaning == "probability of sufficiency for ‘cardinal’ not being predicted"
    assert "does not confirm" in told(judged_data.rows[3], judged_data)["Held-out estimate"].value


def test_old_runs_tell_what_they_know(report_data: ReportData) -> None:
    found = told(report_data.rows[0], report_data)
    assert set(found) == {"Search estimate", "Noise floor"}
    assert found["Search estimate"].value == "+2.31 (+2.21 to +2.41) logits, n = 6"
    assert set(told(report_data.rows[0], dataclasses.replace(report_data, rows=()))) == {"Search estimate"}


def test_a_placebo_is_not_held_against_the_floor_that_it_made(judged_data: ReportData) -> None:
    placebo = next(row for row in judged_data.rows if row.placebo)
    assert "Noise floor" not in told(placebo, judged_data)
