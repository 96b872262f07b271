"""The radius: its figures, its shape, and that it holds what it promises."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.search.statistics.confidence import radius


def test_the_formula_by_hand() -> None:
    # α = 0.05: ρ² = (5.99146 + ln 6.99146) / 16 = 0.49600; n = 16: nρ² + 1 = 8.9360
    # √(2 · 8.9360 / (256 · 0.49600) · ln(2.98931 / 0.05)) = √(0.140751 · 4.09078); times √(1 − 16/48)
    assert radius(1.0, 16, 48, 0.05) == pytest.approx(math.sqrt(0.140751 * 4.09078 * 2 / 3), rel=1e-4)


@given(
    n=st.integers(1, 60),
    more=st.integers(0, 60),
    spread=st.floats(0, 10),
    alpha=st.floats(1e-6, 0.5),
)
def test_its_shape(n: int, more: int, spread: float, alpha: float) -> None:
    panel = n + more
    half_width = radius(spread, n, panel, alpha)
    assert half_width == pytest.approx(spread * radius(1.0, n, panel, alpha))
    assert (half_width == 0) == (spread == 0 or more == 0) or spread < 1e-300
    assert radius(spread, n, panel, alpha / 2) >= half_width
    if more:
        assert radius(spread, n + 1, panel, alpha) <= half_width


@pytest.mark.parametrize(("begin", "known", "most"), [(4, True, 0.1), (12, False, 0.12), (4, False, 0.22)])
def test_the_panel_mean_stays_inside_however_often_one_looks(begin: int, known: bool, most: float) -> None:
    """With the true spread the promise holds; with the estimated one it is asymptotic, as the docstring says."""
    rng = np.random.default_rng(0)
    trials, panel, alpha = 400, 48, 0.1
    missed = 0
    for _ in range(trials):
        values = rng.normal(0.3, 0.72, panel)
        for n in range(begin, panel):
            spread = 0.72 if known else float(values[:n].std(ddof=1))
            if abs(values[:n].mean() - values.mean()) > radius(spread, n, panel, alpha):
                missed += 1
                break
    assert 0.02 < missed / trials <= most


@pytest.mark.parametrize(
    "wrong", [(1.0, 0, 5, 0.1), (1.0, 6, 5, 0.1), (-1.0, 2, 5, 0.1), (1.0, 2, 5, 0.0), (1.0, 2, 5, 1)]
)
def test_arguments_out_of_range_are_refused(wrong: tuple[float, int, int, float]) -> None:
    with pytest.raises(ValueError, match="no radius"):
        radius(*wrong)
