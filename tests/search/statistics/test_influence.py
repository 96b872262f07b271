"""Effects, and Student's t against the tables."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.search.statistics.influence import Effect
from diffex_cli.search.statistics.student import student_t_quantile

LOGITS = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("p", "degrees", "expected"),
    [
        (0.975, 1, 12.706204736),
        (0.975, 2, 4.302652730),
        (0.975, 3, 3.182446305),
        (0.975, 4, 2.776445105),
        (0.975, 15, 2.131449546),
        (0.975, 30, 2.042272456),
        (0.975, 47, 2.011740514),
        (0.975, 1000, 1.962339081),
        (0.95, 10, 1.812461123),
        (0.995, 5, 4.032142984),
        (0.9, 1, 3.077683537),
        (0.025, 7, -2.364624252),
    ],
)
def test_student_t_quantile_agrees_with_the_tables(p: float, degrees: int, expected: float) -> None:
    assert student_t_quantile(p, degrees) == pytest.approx(expected, abs=2e-9)


@given(p=st.floats(0.001, 0.999))
def test_student_t_quantile_agrees_with_the_closed_forms(p: float) -> None:
    assert student_t_quantile(p, 1) == pytest.approx(math.tan(math.pi * (p - 0.5)), rel=1e-9, abs=1e-12)
    expected = (2 * p - 1) * math.sqrt(2 / (4 * p * (1 - p)))
    assert student_t_quantile(p, 2) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("p", "degrees"), [(0.0, 3), (1.0, 3), (math.nan, 3), (0.9, 0)])
def test_student_t_quantile_refuses_what_has_none(p: float, degrees: int) -> None:
    with pytest.raises(ValueError, match="no t quantile"):
        student_t_quantile(p, degrees)


def test_effect_of_known_deltas() -> None:
    effect = Effect("head", [1.0, 2.0, math.nan, 3.0])
    assert (effect.n, effect.effect, effect.influence, effect.reach) == (3, 2.0, 2.0, 2.0)
    half = 4.302652730 * 1.0 / math.sqrt(3)
    assert effect.student_low == pytest.approx(2 - half)
    assert effect.student_high == pytest.approx(2 + half)


def test_effects_that_cancel_have_reach_but_no_influence() -> None:
    effect = Effect("head", [-1.0, 1.0])
    assert (effect.effect, effect.influence, effect.reach) == (0.0, 0.0, 1.0)


def test_too_few_images_leave_unknowns_not_crashes() -> None:
    none = Effect("head", [math.nan, math.nan])
    assert none.n == 0
    assert all(map(math.isnan, (none.effect, none.influence, none.reach, none.student_low, none.student_high)))
    one = Effect("head", [-0.5])
    assert (one.effect, one.influence) == (-0.5, 0.5)
    assert math.isnan(one.student_low)
    assert math.isnan(one.student_high)


def test_deltas_must_be_a_finite_vector() -> None:
    with pytest.raises(ValueError, match="shape"):
        Effect("head", np.zeros((2, 3)))
    with pytest.raises(ValueError, match="finite"):
        Effect("head", [0.0, math.inf])


def test_deltas_cannot_be_changed_behind_its_back() -> None:
    source = np.array([1.0, 2.0])
    effect = Effect("head", source)
    source[0] = 9.0
    assert effect.effect == 1.5
    with pytest.raises(ValueError, match="read-only"):
        effect.deltas[0] = 9.0


@given(deltas=st.lists(LOGITS, min_size=2, max_size=20), data=st.data())
def test_the_order_of_the_images_does_not_matter(deltas: list[float], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(deltas))
    first, second = Effect("a", deltas), Effect("a", shuffled)
    for name in ("effect", "influence", "reach", "student_low", "student_high", "n"):
        assert getattr(first, name) == getattr(second, name)


@given(deltas=st.lists(LOGITS, min_size=2, max_size=20))
def test_bounds(deltas: list[float]) -> None:
    effect = Effect("a", deltas)
    assert effect.student_low <= effect.effect <= effect.student_high
    assert 0 <= effect.influence <= effect.reach
    mirrored = Effect("a", [-delta for delta in deltas])
    assert (mirrored.effect, mirrored.influence, mirrored.student_low) == (
        -effect.effect,
        effect.influence,
        -effect.student_high,
    )
