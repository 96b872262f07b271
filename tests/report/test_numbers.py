from __future__ import annotations

import math

import pytest

from diffex_cli.report import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.314, "+2.31"),
        (-0.61, "−0.61"),
        (0.0421, "+0.042"),
        (-0.0996, "−0.10"),
        (0.0, "0.00"),
        (0.0001, "0.000"),
        (-0.0001, "0.000"),
        (math.nan, "–"),
        (-math.inf, "–"),
        (None, "–"),
    ],
)
def test_effects_have_a_sign_and_two_or_three_decimals(value: float | None, text: str) -> None:
    assert numbers.signed(value) == text


def test_an_interval_needs_both_ends() -> None:
    assert numbers.interval(-0.5, 1.25) == "−0.50 to +1.25"
    assert numbers.interval(math.nan, 1.25) == "–"


@pytest.mark.parametrize(("value", "text"), [(0.456, "0.46"), (1.0, "1.00"), (math.nan, "–"), (None, "–")])
def test_probabilities_have_two_decimals(value: float | None, text: str) -> None:
    assert numbers.probability(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.456, "46 %"), (1.0, "100 %"), (None, "–"), (math.nan, "–")])
def test_shares_are_in_whole_percent(value: float | None, text: str) -> None:
    assert numbers.share(value).replace("\N{NO-BREAK SPACE}", " ") == text


def test_nouns_follow_their_number() -> None:
    assert [numbers.counted(count, "image") for count in (0, 1, 2)] == ["0 images", "1 image", "2 images"]
