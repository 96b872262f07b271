import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from diffex_cli.comparison.gates import Decision, decide, worst
from diffex_cli.search.statistics.claims import Bounds, images_needed, magnitude_bounds

FINITE = st.floats(-10, 10)


@pytest.mark.parametrize(
    ("low", "high", "limit", "verdict"),
    [
        (0.3, 0.5, 0.2, "fail"),
        (-0.5, -0.3, 0.2, "fail"),
        (0.1, 0.3, 0.2, "undecided"),
        (-0.3, 0.1, 0.2, "undecided"),
        (-0.3, -0.1, 0.2, "undecided"),
        (-0.1, 0.2, 0.2, "pass"),
        (0.2, 0.2, 0.2, "pass"),
        (0.0, 0.0, 0.0, "pass"),
        (-5.0, 5.0, 0.2, "undecided"),
        (math.nan, math.nan, 0.2, "undecided"),
    ],
)
def test_the_interval_decides(low: float, high: float, limit: float, verdict: Decision) -> None:
    assert decide(magnitude_bounds(low, high), limit) == verdict


@given(low=FINITE, high=FINITE, share=st.floats(0, 1))
def test_the_bounds_hold_every_magnitude(low: float, high: float, share: float) -> None:
    low, high = sorted((low, high))
    bounds = magnitude_bounds(low, high)
    inside = min(max(low + share * (high - low), low), high)
    assert 0 <= bounds.low <= abs(inside) <= bounds.high


@given(low=FINITE, high=FINITE, limit=st.floats(0, 10), more=st.floats(0, 5))
def test_a_laxer_limit_is_never_worse(low: float, high: float, limit: float, more: float) -> None:
    low, high = sorted((low, high))
    bounds = magnitude_bounds(low, high)
    assert worst([decide(bounds, limit), decide(bounds, limit + more)]) == decide(bounds, limit)


def test_the_worst_counts() -> None:
    assert worst([]) == "pass"
    assert worst(["pass", "undecided"]) == "undecided"
    assert worst(["fail", "pass", "undecided"]) == "fail"


def test_images_needed_by_hand() -> None:
    assert images_needed(0.5, Bounds(0.0, 1.0), 25, 0.25) == 100
    assert images_needed(0.25, Bounds(0.0, 0.75), 10, 0.5) == 40
    assert images_needed(0.2, Bounds(0.1, 0.3), 25, 0.2) is None
    assert images_needed(0.2001, Bounds(0.1, 0.3), 25, 0.2) is None
    assert images_needed(math.nan, Bounds(math.nan, math.nan), 1, 0.2) is None


@given(value=st.floats(0.01, 2), half=st.floats(0.01, 2), n=st.integers(2, 200), limit=st.floats(0, 2))
def test_with_so_many_images_it_would_be_decided(value: float, half: float, n: int, limit: float) -> None:
    bounds = magnitude_bounds(value - half, value + half)
    assume(decide(bounds, limit) == "undecided")
    needed = images_needed(value, bounds, n, limit)
    if needed is not None:
        assert needed > n
        narrow = half * math.sqrt(n / needed) * (1 - 1e-9)
        assert decide(magnitude_bounds(value - narrow, value + narrow), limit) != "undecided"
