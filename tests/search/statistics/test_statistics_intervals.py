"""Means with intervals: known values, symmetries, degenerate data, and how often the intervals are right."""

import functools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffex_cli.search.statistics.influence import Effect
from diffex_cli.search.statistics.intervals import Estimate, mean_interval, student_interval

Method = Callable[..., Estimate]
METHODS: tuple[Method, ...] = (student_interval, functools.partial(mean_interval, resamples=400))
SAMPLE = [0.1, -0.4, 0.9, 2.3, 0.0, 0.7, -0.2, 1.1, 3.0]
DELTAS = st.lists(st.integers(-1000, 1000).map(lambda value: value / 64), min_size=2, max_size=20)


def ends(values: object, method: Method) -> tuple[float, float]:
    estimate = method(values)
    return estimate.low, estimate.high


def test_student_is_the_interval_of_the_search() -> None:
    estimate, effect = student_interval(SAMPLE), Effect("a", SAMPLE)
    assert (estimate.mean, estimate.n) == (effect.effect, 9)
    assert (estimate.low, estimate.high) == pytest.approx((effect.student_low, effect.student_high), rel=1e-12)


def test_studentised_of_a_known_sample() -> None:
    # an independent computation: plain loops, its own random numbers
    estimate = mean_interval(SAMPLE, resamples=50_000)
    generator, data = np.random.default_rng(99), np.array(SAMPLE)
    table = []
    for _ in range(50_000):
        drawn = generator.choice(data, 9)
        error = drawn.std(ddof=1) / 3
        table.append((drawn.mean() - data.mean()) / error if error else 0.0)
    low, high = np.quantile(table, [0.025, 0.975])
    error = data.std(ddof=1) / 3
    assert estimate.low == pytest.approx(data.mean() - high * error, abs=0.03)
    assert estimate.high == pytest.approx(data.mean() - low * error, abs=0.12)


@pytest.mark.parametrize("method", METHODS)
@given(values=DELTAS, data=st.data())
@settings(max_examples=25)
def test_the_order_of_images_and_failed_edits_change_nothing(method: Method, values: list[float], data: st.DataObject):
    assert method(data.draw(st.permutations([*values, math.nan]))) == method(values)


@pytest.mark.parametrize("method", METHODS)
@given(values=DELTAS, shift=st.sampled_from([-64.0, 0.5, 16.0]), scale=st.sampled_from([-2.0, 0.25, 4.0]))
@settings(max_examples=25)
def test_intervals_shift_scale_and_mirror(method: Method, values: list[float], shift: float, scale: float) -> None:
    array = np.array(values)
    low, high = ends(array, method)
    assert low <= high
    expected = sorted((low * scale + shift, high * scale + shift))
    assert ends(array * scale + shift, method) == pytest.approx(tuple(expected), rel=1e-9, abs=1e-7)


@given(values=DELTAS)
@settings(max_examples=25)
def test_more_confidence_is_a_wider_interval_around_the_mean(values: list[float]) -> None:
    one, other = student_interval(values), student_interval(values, 0.99)
    assert other.low <= one.low <= one.mean <= one.high <= other.high


@pytest.mark.parametrize("method", METHODS)
def test_few_images(method: Method) -> None:
    none, one, two = (method(values) for values in ([math.nan], [2.0], [1.0, 3.0]))
    assert none.n == 0
    assert math.isnan(none.mean)
    assert (one.mean, one.n) == (2.0, 1)
    assert math.isnan(one.low)
    assert math.isnan(one.high)
    assert (two.mean, two.n) == (2.0, 2)
    assert two.high == pytest.approx(2 + 12.706204736)
    assert not any(one.excludes_zero for one in (none, one, two))


@pytest.mark.parametrize("method", METHODS)
def test_data_without_spread(method: Method) -> None:
    constant = method([0.25] * 20)
    assert (constant.low, constant.mean, constant.high) == (0.25, 0.25, 0.25)
    assert constant.excludes_zero


# four images; two different values; resamples that often have no spread
@pytest.mark.parametrize("values", [SAMPLE[:4], [0.0] * 20 + [1.0], [0.0] * 20 + [1.0, 2.0]])
def test_it_gives_way_to_student_where_it_has_nothing_to_go_by(values: list[float]) -> None:
    assert mean_interval(values) == student_interval(values)
    assert mean_interval(SAMPLE) != student_interval(SAMPLE)


def test_nothing_is_left_to_chance() -> None:
    assert mean_interval(SAMPLE) == mean_interval(SAMPLE)


@pytest.mark.parametrize("values", [[[1.0]], [math.inf, 1.0]])
def test_refuses_wrong_values(values: object) -> None:
    with pytest.raises(ValueError, match=r"n_images|infinite"):
        mean_interval(values)  # type: ignore[arg-type]


def coverage(n: int, skewed: bool, method: Method) -> float:
    """How many of 600 intervals at 95 % hold the true mean."""
    generator, hits = np.random.default_rng(5), 0
    for _ in range(600):
        low, high = ends(generator.exponential(size=n) - 1 if skewed else generator.normal(size=n), method)
        hits += low <= 0 <= high
    return hits / 600


@pytest.mark.parametrize("n", [8, 16, 48])
def test_coverage_on_skewed_data(n: int) -> None:
    student, studentised = (coverage(n, True, method) for method in METHODS)
    assert studentised >= 0.92
    assert studentised >= student - 0.005
    assert student >= {8: 0.82, 16: 0.85, 48: 0.89}[n]


@pytest.mark.parametrize("n", [8, 48])
def test_coverage_on_normal_data(n: int) -> None:
    student, studentised = (coverage(n, False, method) for method in METHODS)
    assert 0.92 <= student <= 0.98
    assert 0.92 <= studentised <= 0.985
