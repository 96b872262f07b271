from __future__ import annotations

import dataclasses

import pytest

from diffex_cli.report import captions
from diffex_cli.report.data import ReportData


@pytest.mark.parametrize(
    ("candidate", "name", "words"),
    [
        ("background/snow", "snow background", "snow background added"),
        ("-head/crest/no-crest", "no crest", "no crest"),
        ("-crest", "crest (removed)", "crest removed"),
        ("crest", "no crest (added)", "no crest added"),
        ("a + b", "snow background + crest", "snow background and crest together"),
        ("a + b + c", "snow + crest + tail", "snow, crest and tail together"),
    ],
)
def test_what_an_edit_did(report_data: ReportData, candidate: str, name: str, words: str) -> None:
    row = dataclasses.replace(report_data.rows[0], candidate=candidate, name=name)
    assert captions.after(row) == words


def test_whose_probability_it_is(report_data: ReportData) -> None:
    row = report_data.rows[0]
    assert captions.called(row, report_data) == "called ‘cardinal’"
    assert captions.called(dataclasses.replace(row, target="predicted"), report_data) == "called as it was"
