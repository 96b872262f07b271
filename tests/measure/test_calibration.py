"""From which reading on an attribute is seen, by planted readings."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.measure.calibration import AS_READ, PLACEBOS, SEEN, Calibration, Scale, calibrate

Pairs = list[tuple[dict[str, float], dict[str, float]]]
READINGS = st.floats(0.02, 0.98)
PAIRS = st.lists(st.tuples(READINGS, READINGS), min_size=PLACEBOS, max_size=30)


def at(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def pictures(*odds: float) -> list[dict[str, float]]:
    return [{"crest": at(one)} for one in odds]


def pairs(*odds: tuple[float, float]) -> Pairs:
    return [({"crest": at(before)}, {"crest": at(after)}) for before, after in odds]


def two_levels(low: float, high: float, noise: float, seed: int = 0) -> Calibration:
    rng = random.Random(seed)
    levels = [low if k % 3 else high for k in range(48)]
    read = [one + rng.uniform(-0.1, 0.1) for one in levels]
    return calibrate(pictures(*read), pairs(*((one, one + rng.choice([-noise, noise])) for one in read)))


@pytest.mark.parametrize(("low", "high"), [(0.2, 1.2), (-3.0, -1.5), (-2.0, 2.0), (1.0, 4.0)])
def test_two_levels_are_told_apart_wherever_they_are(low: float, high: float) -> None:
    scale = two_levels(low, high, noise=0.1).scales["crest"]
    assert low + 0.3 * (high - low) < math.log(scale.threshold / (1 - scale.threshold)) < high - 0.3 * (high - low)
    assert scale.probability(at(low)) < 0.1
    assert scale.probability(at(high)) > 0.9
    assert scale.probability(math.nan) != scale.probability(math.nan)


def test_levels_that_noise_could_make_are_none() -> None:
    assert two_levels(-1.0, 0.2, noise=1.0).scales["crest"].threshold == SEEN
    assert two_levels(-1.0, 0.2, noise=0.1).scales["crest"].threshold < SEEN


def test_one_level_leaves_the_threshold() -> None:
    rng = random.Random(1)
    read = [rng.gauss(0.7, 0.3) for _ in range(48)]
    scale = calibrate(pictures(*read), pairs(*((one, one + rng.gauss(0, 0.1)) for one in read))).scales["crest"]
    assert (scale.threshold, scale.width) == (SEEN, 1.0)
    assert 0 < scale.noise < 0.1
    same = calibrate(pictures(*[0.7] * 20), pairs(*[(0.7, 0.7)] * 20)).scales["crest"]
    assert same == Scale()


def test_what_placebos_do_is_noise() -> None:
    quiet, loud = (two_levels(-1.5, 1.5, noise=noise) for noise in (0.01, 0.3))
    assert quiet.moved("crest", 0.47, 0.53)
    assert not loud.moved("crest", 0.47, 0.53)
    assert loud.moved("crest", 0.2, 0.8)
    assert loud.moved("crest", math.nan, 0.8)
    assert loud.moved("tail", 0.49, 0.5)


def test_a_few_placebos_that_change_an_attribute_leave_the_noise_alone() -> None:
    still = [(-2.0, -2.0 + 0.01 * (k % 3)) for k in range(20)]
    found = [calibrate(pictures(), pairs(*still, *[(-2.0, 2.0)] * k)).scales["crest"].noise for k in (0, 5)]
    assert max(found) < 0.02


def test_few_placebos_leave_readings_as_they_are() -> None:
    few = calibrate(pictures(1.0, 3.0), pairs(*[(1.0, 1.1)] * (PLACEBOS - 1)))
    assert few.scales == {}
    assert few.probability("crest", 0.7) == 0.7
    assert few.moved("crest", 0.7, 0.7)
    assert few.warning is not None
    assert f"takes {PLACEBOS} placebo edits that it has looked at, and there are {PLACEBOS - 1}" in few.warning
    assert "there are 0" in str(calibrate([], []).warning)
    enough = calibrate(pictures(1.0, 3.0), pairs(*[(1.0, 1.1)] * PLACEBOS))
    assert enough.scales.keys() == {"crest"}
    assert (enough.warning, AS_READ.warning) == (None, None)


def test_what_was_not_read_does_not_count() -> None:
    unread: Pairs = [({"crest": math.nan}, {"crest": 0.5}), ({}, {"crest": 0.5}), ({"crest": 0.5}, {})]
    assert calibrate(pictures(), pairs(*[(1.0, 1.1)] * (PLACEBOS - 1)) + unread).scales == {}


@given(st.lists(READINGS, max_size=30), PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_pictures_does_not_matter(
    single: list[float], double: list[tuple[float, float]], rng: random.Random
) -> None:
    read = [{"a": one} for one in single]
    placebos = [({"a": before}, {"a": after}) for before, after in double]
    found = calibrate(read, placebos)
    rng.shuffle(read)
    rng.shuffle(placebos)
    assert calibrate(read, placebos) == found


@given(st.lists(READINGS, max_size=30), PAIRS, st.lists(READINGS, min_size=2, max_size=8))
def test_a_higher_reading_is_never_seen_less(
    single: list[float], double: list[tuple[float, float]], asked: list[float]
) -> None:
    found = calibrate([{"a": one} for one in single], [({"a": before}, {"a": after}) for before, after in double])
    read = [found.probability("a", one) for one in sorted(asked)]
    assert read == sorted(read)
    assert all(0 <= one <= 1 for one in read)
    threshold = found.scales["a"].threshold
    assert found.probability("a", threshold) == pytest.approx(SEEN)
    assert all(
        (found.probability("a", one) >= SEEN) == (one >= threshold) for one in asked if abs(one - threshold) > 1e-9
    )


@given(st.lists(READINGS, max_size=30), PAIRS)
def test_the_opposite_of_an_attribute_is_seen_where_it_is_not(
    single: list[float], double: list[tuple[float, float]]
) -> None:
    """Readings mirrored at 0.5 mirror the threshold."""
    found = calibrate([{"a": one} for one in single], [({"a": before}, {"a": after}) for before, after in double])
    mirrored = calibrate(
        [{"a": 1 - one} for one in single], [({"a": 1 - before}, {"a": 1 - after}) for before, after in double]
    )
    one, other = found.scales["a"], mirrored.scales["a"]
    if not math.isclose(one.width, other.width, abs_tol=1e-6):
        return  # two cuts explain the same, and another of them was found first
    assert other.threshold == pytest.approx(1 - one.threshold, abs=1e-6)
    assert other.noise == pytest.approx(one.noise, abs=1e-6)
