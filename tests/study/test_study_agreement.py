"""Krippendorff's alpha, against examples that were worked by hand."""

import math

import numpy as np
import pytest

from diffex_cli.study.agreement import Level, alpha

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C: four observers, twelve units
_OBSERVERS = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def _units(observers: tuple[str, ...]) -> list[list[float]]:
    return [[float(value) for value in unit if value != "."] for unit in zip(*observers, strict=True)]


@pytest.mark.parametrize(("level", "expected"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_krippendorffs_own_example(level: Level, expected: float) -> None:
    assert alpha(_units(_OBSERVERS), level) == pytest.approx(expected, abs=5e-4)


def test_krippendorffs_binary_example() -> None:
    # section A: of ten units two observers agree on six; coincidences 10, 4, 4, 2, so 1 − 19 · 8 / (2 · 14 · 6)
    found = alpha(_units(("0100000010", "1110010000")), "nominal")
    assert found == pytest.approx(1 - 19 * 8 / (2 * 14 * 6))
    assert found == pytest.approx(0.095, abs=5e-4)


def test_an_ordinal_example_by_hand() -> None:
    # ratings 1 and 3, 3 and 3, 5 and 5: counts 1, 3, 2; δ²(1, 3) = (1/2 + 3/2)² = 4, δ²(3, 5) = 6.25, δ²(1, 5) = 20.25
    expected = 2 * (1 * 3 * 4 + 3 * 2 * 6.25 + 1 * 2 * 20.25)
    assert alpha([[1, 3], [3, 3], [5, 5]], "ordinal") == pytest.approx(1 - 5 * (2 * 4) / expected)


def test_perfect_and_chance_agreement() -> None:
    assert alpha([[1, 1, 1], [5, 5]], "ordinal") == 1
    random = np.random.default_rng(0)
    units = random.integers(1, 6, (4000, 3)).tolist()
    assert alpha(units, "nominal") == pytest.approx(0, abs=0.04)
    assert alpha(units, "ordinal") == pytest.approx(0, abs=0.04)


def test_what_cannot_be_told() -> None:
    assert math.isnan(alpha([], "nominal"))
    assert math.isnan(alpha([[1], [2]], "nominal"))
    assert math.isnan(alpha([[3, 3], [3, 3]], "ordinal"))


def test_a_single_rating_says_nothing() -> None:
    assert alpha([[1, 2], [2, 2], [5]], "ordinal") == alpha([[1, 2], [2, 2]], "ordinal")
