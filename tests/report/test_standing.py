from __future__ import annotations

import dataclasses
import math

import pytest

from diffex_cli.report.data import ReportData
from diffex_cli.report.facts import p_value, standing


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"status": "kept", "passed": True, "below_floor": False}, "passed"),
        ({"status": "kept", "passed": False, "below_floor": False}, "kept, not beyond chance"),
        ({"status": "kept", "passed": False, "below_floor": True}, "kept, below the noise floor"),
        ({"status": "dropped", "passed": False, "below_floor": True}, "dropped, below the noise floor"),
        ({"status": "dropped", "passed": False, "below_floor": False}, "dropped"),
        ({"status": "kept", "passed": None, "below_floor": None}, "kept"),
        ({"status": "kept", "passed": False, "below_floor": True, "placebo": True}, "kept"),
    ],
)
def test_where_a_row_stands(report_data: ReportData, figures: dict[str, object], words: str) -> None:
    assert standing(dataclasses.replace(report_data.rows[0], **figures)) == words  # type: ignore[arg-type]


def test_a_row_that_does_not_know_the_floor_is_told(report_data: ReportData) -> None:
    assert standing(report_data.rows[0], below_floor=True) == "kept, below the noise floor"
    known = dataclasses.replace(report_data.rows[0], below_floor=False)
    assert standing(known, below_floor=True) == "kept"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (math.nan, "–"), (0.034567, "0.035"), (1.0, "1"), (0.0001, "0.0001"), (1e-9, "< 0.0001")],
)
def test_p_values_are_never_zero(value: float | None, text: str) -> None:
    assert p_value(value) == text
