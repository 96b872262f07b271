import math

import pytest

from diffex_cli.report.payload.values import mean, number, numbers, segments
from diffex_cli.report.words import Segment


@pytest.mark.parametrize("unknown", [None, math.nan, math.inf, -math.inf])
def test_what_is_unknown_is_null(unknown: float | None) -> None:
    assert number(unknown) is None
    assert mean([unknown]) is None
    assert mean([unknown, 2.0, 4.0]) == 3.0


def test_numbers_have_five_significant_digits() -> None:
    assert numbers([1.23456, -0.000123456, 98765.4, 0.0]) == [1.2346, -0.00012346, 98765.0, 0.0]


def test_a_segment_names_an_attribute_by_its_number() -> None:
    text = (Segment("a "), Segment("crest", "head/crest"), Segment("gone", "tail"))
    assert segments(text, {"head/crest": 7}) == [
        {"text": "a ", "attribute": None},
        {"text": "crest", "attribute": 7},
        {"text": "gone", "attribute": None},
    ]
