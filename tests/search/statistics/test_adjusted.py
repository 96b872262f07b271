"""Effects adjusted for what edits were seen to do."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from diffex_cli.search.statistics.adjusted import Correction, fit
from diffex_cli.search.statistics.intervals import mean_interval

Floats = NDArray[np.float64]
IMAGES, ATTRIBUTES = 40, 6
WEIGHTS = np.array([2.0, -1.0, 0.5, 0.0, 0.0, 0.0])


def edits(seed: int, noise: float = 0.1, leak: float = 0.3) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Edits towards each attribute on each image: what was seen to change, Δ of a linear classifier, and the image."""
    random = np.random.default_rng(seed)
    changes = np.vstack(
        [
            np.eye(ATTRIBUTES) * (random.random((ATTRIBUTES, 1)) < 0.7) + leak * random.normal(size=(6, 6))
            for _ in range(IMAGES)
        ]
    )
    deltas = changes @ WEIGHTS + noise * random.normal(size=len(changes))
    return changes, deltas, np.repeat(np.arange(IMAGES), ATTRIBUTES)


def of(attribute: int, changes: Floats, deltas: Floats) -> tuple[Floats, Floats]:
    """Δ of the edits towards one attribute, and what they lack."""
    ideal = np.eye(ATTRIBUTES)[attribute]
    return deltas[attribute::ATTRIBUTES], ideal - changes[attribute::ATTRIBUTES]


def fitted(changes: Floats, deltas: Floats, image: NDArray[np.int64]) -> Correction:
    found = fit(changes, deltas, image, IMAGES)
    assert found is not None
    return found


def test_it_gives_back_what_leaks_and_misses_hid() -> None:
    changes, deltas, image = edits(0)
    found = fitted(changes, deltas, image)
    for attribute, weight in enumerate(WEIGHTS):
        own, lacking = of(attribute, changes, deltas)
        assert found.corrected(own, lacking).mean() == pytest.approx(weight, abs=0.1)
    assert abs(of(0, changes, deltas)[0].mean() - 2) > 0.3


def test_a_faithful_edit_keeps_its_change_whatever_the_classifier_does() -> None:
    changes, deltas, image = edits(1)
    found = fitted(changes, deltas, image)
    own = np.random.default_rng(0).normal(5, 1, IMAGES)
    assert found.corrected(own, np.zeros((IMAGES, ATTRIBUTES))).tolist() == own.tolist()


def test_the_coefficients_are_those_of_ridge_on_the_other_images() -> None:
    changes, deltas, image = edits(2)
    found = fitted(changes, deltas, image)
    for k in (0, 7, 39):
        others = image % 5 != k % 5
        gram = changes[others].T @ changes[others] + found.penalty * np.eye(ATTRIBUTES)
        expected = np.linalg.solve(gram, changes[others].T @ deltas[others])
        assert found.coefficients[k] == pytest.approx(expected, abs=1e-9)


def test_readings_that_say_nothing_correct_next_to_nothing() -> None:
    random = np.random.default_rng(3)
    changes, image = random.normal(size=(240, ATTRIBUTES)), np.repeat(np.arange(IMAGES), 6)
    found = fitted(changes, random.normal(size=240), image)
    assert np.abs(found.coefficients).max() < 0.1


def test_without_a_fit_that_predicts_the_interval_is_the_plain_one_s() -> None:
    random = np.random.default_rng(4)
    changes, image = random.normal(size=(240, ATTRIBUTES)), np.repeat(np.arange(IMAGES), 6)
    found = fitted(changes, np.zeros(240), image)
    own = random.normal(1, 1, IMAGES)
    assert math.isinf(found.penalty)
    interval, plain = found.interval(own, random.normal(size=(IMAGES, 6))), mean_interval(own)
    assert interval.mean == pytest.approx(plain.mean)
    assert interval.high - interval.low == pytest.approx(plain.high - plain.low, rel=0.1)


def test_the_interval_holds_the_true_effect() -> None:
    held = []
    for seed in range(60):
        changes, deltas, image = edits(seed, noise=0.5)
        found = fitted(changes, deltas, image)
        for attribute, weight in enumerate(WEIGHTS):
            interval = found.interval(*of(attribute, changes, deltas))
            held.append(interval.low <= weight <= interval.high)
    assert 0.92 <= np.mean(held) <= 0.99


def test_images_that_the_fit_is_not_on_get_the_coefficients_of_all() -> None:
    changes, deltas, image = edits(5)
    found = fitted(changes, deltas, image)
    lacking = np.ones((2, ATTRIBUTES))
    values = found.corrected(np.zeros(2), lacking, [-1, 3])
    assert values == pytest.approx([found.whole.sum(), found.coefficients[3].sum()])


def test_a_change_that_is_not_known_stays_unknown() -> None:
    changes, deltas, image = edits(6)
    own, lacking = of(0, changes, deltas)
    own = own.copy()
    own[3] = math.nan
    found = fitted(changes, deltas, image)
    assert math.isnan(found.corrected(own, lacking)[3])
    assert found.interval(own, lacking).n == IMAGES - 1


@pytest.mark.parametrize("images", [0, 1, 4])
def test_a_handful_of_images_is_corrected_by_nothing(images: int) -> None:
    assert fit(np.ones((images, 2)), np.ones(images), np.arange(images), images) is None
