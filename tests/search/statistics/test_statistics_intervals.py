"""Means with intervals: known values, symmetries, degenerate data, and how often the intervals are right."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffex_cli.search.statistics.influence import Effect
from diffex_cli.search.statistics.intervals import Method, mean_interval

METHODS: tuple[Method, ...] = ("student", "bca", "studentised")
SAMPLE = [0.1, -0.4, 0.9, 2.3, 0.0, 0.7, -0.2, 1.1, 3.0]
DELTAS = st.lists(st.integers(-1000, 1000).map(lambda value: value / 64), min_size=2, max_size=20)


def ends(values: object, method: Method, **options: float) -> tuple[float, float]:
    estimate = mean_interval(values, method=method, resamples=400, **options)  # type: ignore[arg-type]
    return estimate.low, estimate.high


def test_student_is_the_interval_of_the_search() -> None:
    estimate, effect = mean_interval(SAMPLE, method="student"), Effect("a", SAMPLE)
    assert (estimate.mean, estimate.n, estimate.method) == (effect.effect, 9, "student")
    assert (estimate.low, estimate.high) == pytest.approx((effect.student_low, effect.student_high), rel=1e-12)


def test_bca_of_a_known_sample() -> None:
    # an independent computation: plain loops, its own random numbers, 200,000 resamples
    estimate = mean_interval(SAMPLE, method="bca", resamples=100_000)
    generator, data = np.random.default_rng(99), np.array(SAMPLE)
    means = np.sort([generator.choice(data, 9).mean() for _ in range(50_000)])
    normal, left_out = NormalDist(), np.array([np.delete(data, i).mean() for i in range(9)])
    bias = normal.inv_cdf(float((means < data.mean()).mean()))
    gap = left_out.mean() - left_out
    acceleration = (gap**3).sum() / (6 * (gap**2).sum() ** 1.5)
    for z, end in ((-1.959964, estimate.low), (1.959964, estimate.high)):
        level = normal.cdf(bias + (bias + z) / (1 - acceleration * (bias + z)))
        assert end == pytest.approx(np.quantile(means, level), abs=0.02)
    assert estimate.high - estimate.mean > estimate.mean - estimate.low


def test_studentised_of_a_known_sample() -> None:
    estimate = mean_interval(SAMPLE, method="studentised", resamples=50_000)
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
    shuffled = data.draw(st.permutations([*values, math.nan]))
    assert mean_interval(shuffled, method=method, resamples=200) == mean_interval(values, method=method, resamples=200)


@pytest.mark.parametrize("method", METHODS)
@given(values=DELTAS, shift=st.sampled_from([-64.0, 0.5, 16.0]), scale=st.sampled_from([-2.0, 0.25, 4.0]))
@settings(max_examples=25)
def test_intervals_shift_scale_and_mirror(method: Method, values: list[float], shift: float, scale: float) -> None:
    array = np.array(values)
    low, high = ends(array, method)
    expected = sorted((low * scale + shift, high * scale + shift))
    assert ends(array * scale + shift, method) == pytest.approx(tuple(expected), rel=1e-9, abs=1e-7)


@pytest.mark.parametrize("method", METHODS)
@given(values=DELTAS)
@settings(max_examples=25)
def test_more_confidence_is_a_wider_interval_around_the_mean(method: Method, values: list[float]) -> None:
    low, high = ends(values, method, confidence=0.95)
    lower, higher = ends(values, method, confidence=0.99)
    assert low <= high
    if mean_interval(values, method=method, confidence=0.99, resamples=400).method == method:
        assert lower <= low + 1e-12
        assert high <= higher + 1e-12


@pytest.mark.parametrize("method", METHODS)
def test_few_images(method: Method) -> None:
    none, one, two = (mean_interval(values, method=method) for values in ([math.nan], [2.0], [1.0, 3.0]))
    assert none.n == 0
    assert math.isnan(none.mean)
    assert (one.mean, one.n) == (2.0, 1)
    assert math.isnan(one.low)
    assert math.isnan(one.high)
    assert (two.mean, two.n, two.method) == (2.0, 2, "student")
    assert two.high == pytest.approx(2 + 12.706204736)
    assert not any(one.excludes_zero for one in (none, one, two))


@pytest.mark.parametrize("method", METHODS)
def test_data_without_spread(method: Method) -> None:
    constant = mean_interval([0.25] * 20, method=method)
    assert (constant.low, constant.mean, constant.high) == (0.25, 0.25, 0.25)
    assert constant.excludes_zero
    assert mean_interval([0.0] * 20 + [1.0], method=method).method == "student"


def test_studentised_gives_way_where_resamples_often_have_no_spread() -> None:
    mostly_idle = [0.0] * 20 + [1.0, 2.0]
    assert mean_interval(mostly_idle, method="studentised").method == "student"
    assert mean_interval(mostly_idle, method="bca").method == "bca"


def test_the_seed_decides_and_defaults() -> None:
    first = mean_interval(SAMPLE)
    assert first.method == "studentised"
    assert first == mean_interval(SAMPLE, seed=0)
    assert first != mean_interval(SAMPLE, seed=1)


@pytest.mark.parametrize(
    "options",
    [{"method": "percentile"}, {"confidence": 1.0}, {"resamples": 10}, {"seed": -1}, {"confidence": math.nan}],
)
def test_refuses(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no interval by"):
        mean_interval(SAMPLE, **options)  # type: ignore[arg-type]


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
    student, bca, studentised = (coverage(n, True, method) for method in METHODS)
    assert studentised >= 0.92
    assert studentised >= max(student, bca) - 0.005
    assert min(student, bca) >= {8: 0.82, 16: 0.85, 48: 0.89}[n]


@pytest.mark.parametrize("n", [8, 48])
def test_coverage_on_normal_data(n: int) -> None:
    student, bca, studentised = (coverage(n, False, method) for method in METHODS)
    assert 0.92 <= student <= 0.98
    assert 0.92 <= studentised <= 0.985
    assert 0.8 <= bca <= 0.98
