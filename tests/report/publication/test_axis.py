from __future__ import annotations

import math

import pytest

from diffex_cli.report.publication.axis import Axis


def test_zero_is_in_the_middle_and_everything_fits() -> None:
    axis = Axis.over(10, 100, [2.0, -1.0, None, math.nan], [2.5, -1.5, None])
    assert axis.at(0) == 60
    assert 10 < axis.at(-2.5) < axis.at(-1) < axis.at(2.5) < 110


def test_one_wild_interval_does_not_press_the_others_together() -> None:
    axis = Axis.over(0, 100, [2.0, 1.0], [400.0])
    assert axis.span == pytest.approx(1.04 * 5)
    assert axis.at(400) == 100


@pytest.mark.parametrize("span", [0.003, 0.08, 1.0, 1.7, 3.3, 47.0, 1234.0])
def test_ticks_are_round_few_and_on_the_axis(span: float) -> None:
    values = list(Axis(0, 100, span).values())
    assert 3 <= len(values) <= 5
    assert 0 in values
    assert all(abs(value) <= span for value in values)
    step = values[1] - values[0]
    assert step / 10 ** math.floor(math.log10(step) + 1e-9) == pytest.approx(
        round(step / 10 ** math.floor(math.log10(step) + 1e-9), 1)
    )


def test_nothing_known_is_no_error() -> None:
    assert list(Axis.over(0, 100, [], []).values())
