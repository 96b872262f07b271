from __future__ import annotations

import dataclasses
import math

import pytest

from diffex_cli.report.data import ReportData
from diffex_cli.report.facts import p_value, standing


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"claim": "matters"}, "matters"),
        ({"claim": "undecided", "status": "kept"}, "could matter"),
        ({"claim": "small", "status": "kept"}, "small"),
        ({"claim": "not tested", "status": "kept"}, "not tested"),
        ({"claim": None}, "not measured"),
        ({"claim": None, "placebo": True, "status": "kept"}, "placebo"),
    ],
)
def test_where_a_row_stands(report_data: ReportData, figures: dict[str, object], words: str) -> None:
    assert standing(dataclasses.replace(report_data.rows[0], **figures)) == words  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (math.nan, "–"), (0.034567, "0.035"), (1.0, "1"), (0.0001, "0.0001"), (1e-9, "< 0.0001")],
)
def test_p_values_are_never_zero(value: float | None, text: str) -> None:
    assert p_value(value) == text
