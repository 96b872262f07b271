"""Differences of effects against formulas by hand, and rankings against each other."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.comparison.differences import compare_rankings, difference, growth
from diffex_cli.report.finished import Measurement
from diffex_cli.search.statistics.influence import Effect
from diffex_cli.search.statistics.student import student_t_quantile

DELTAS = st.lists(st.floats(-10, 10), min_size=2, max_size=12)


def measured(deltas: list[float], id: str = "a", first: int = 0, kept: bool = True, known: bool = True) -> Measurement:
    """A measurement on the images ``first``, ``first + 1``, …"""
    effect = Effect(id, deltas)
    by_image = {f"image-{first + i}": delta for i, delta in enumerate(deltas)} if known else {}
    return Measurement(id, id, effect.effect, effect.student_low, effect.student_high, effect.n, kept, by_image)


def test_paired_by_hand() -> None:
    found = difference(measured([1.0, 2.0, 3.0, 4.0]), measured([1.5, 2.5, 3.5, 5.5]))
    assert (found.method, found.n) == ("paired", 4)
    assert found.value == pytest.approx(0.75)
    half = 3.182446305284263 * 0.5 / 2  # t(0.975, 3) · SD of (.5, .5, .5, 1.5) / √4
    assert (found.low, found.high) == pytest.approx((0.75 - half, 0.75 + half))
    assert not found.significant


def test_unpaired_by_hand() -> None:
    a, b = [0.1, 0.4, -0.3, 0.2, 0.0], [1.2, 0.7, 1.9, 1.1]
    found = difference(measured(a), measured(b, first=100))
    assert (found.method, found.n) == ("unpaired", 4)
    errors = np.var(a, ddof=1) / 5, np.var(b, ddof=1) / 4
    degrees = sum(errors) ** 2 / (errors[0] ** 2 / 4 + errors[1] ** 2 / 3)
    half = student_t_quantile(0.975, math.floor(degrees)) * math.sqrt(sum(errors))
    assert found.value == pytest.approx(np.mean(b) - np.mean(a))
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half))
    assert found.significant
    assert difference(measured(a, known=False), measured(b, known=False)) == found


def test_pairing_takes_out_what_the_images_do_to_both() -> None:
    noise = random.Random(0)
    images = [noise.gauss(0, 2) for _ in range(24)]
    a, b = ([x + shift + noise.gauss(0, 0.1) for x in images] for shift in (0.0, 0.3))
    paired, unpaired = difference(measured(a), measured(b)), difference(measured(a), measured(b, first=100))
    assert paired.value == pytest.approx(unpaired.value)
    assert paired.significant
    assert not unpaired.significant


@pytest.mark.parametrize(("shared", "method"), [(0, "unpaired"), (1, "unpaired"), (3, "unpaired"), (4, "paired")])
def test_paired_from_half_of_the_smaller_run_on(shared: int, method: str) -> None:
    a, b = measured([0.1 * i for i in range(20)]), measured([0.3 * i for i in range(8)], first=20 - shared)
    assert difference(a, b).method == method


def test_too_little_for_an_interval() -> None:
    for first, second in (([1.0], [2.0, 3.0]), ([1.0, 2.0], [math.nan])):
        found = difference(measured(first, known=False), measured(second, known=False))
        assert found.method == "none"
        assert math.isnan(found.low)
        assert not found.significant


def test_no_spread_at_all() -> None:
    assert difference(measured([1.0, 1.0]), measured([3.0, 3.0], first=9)).low == 2.0
    tiny = difference(measured([1e-160, 2e-160, 4e-160]), measured([0.0, 1e-160, 1e-160], first=9))
    assert tiny.low <= tiny.value <= tiny.high


@given(a=DELTAS, b=DELTAS, first=st.integers(0, 12), seed=st.integers())
def test_turned_around_it_is_the_opposite_and_order_does_not_matter(
    a: list[float], b: list[float], first: int, seed: int
) -> None:
    one, other = measured(a), measured(b, first=first)
    forth, back = difference(one, other), difference(other, one)
    assert (forth.method, forth.n, forth.low, forth.high) == (back.method, back.n, -back.high, -back.low)
    items = list(one.deltas.items())
    random.Random(seed).shuffle(items)
    shuffled = Measurement("a", "a", one.effect, one.low, one.high, one.n, True, dict(items))
    assert difference(shuffled, other) == forth


def test_growth_is_of_the_influence() -> None:
    up, down = measured([0.9, 1.0, 1.1]), measured([-0.9, -1.0, -1.1])
    assert growth(up, down).value == pytest.approx(0)
    assert growth(up, measured([-1.4, -1.5, -1.6])).value == pytest.approx(0.5)
    assert growth(up, measured([-1.4, -1.5, -1.6], first=50)).value == pytest.approx(0.5)
    assert growth(up, measured([0.4, 0.5, 0.6])).value == pytest.approx(-0.5)
    assert difference(up, down).value == pytest.approx(-2)


def test_more_confidence_is_a_wider_interval() -> None:
    a, b = measured([0.1, 0.5, 0.2, 0.7]), measured([0.9, 1.5, 0.8, 1.2])
    assert growth(a, b, 0.999).low < growth(a, b).low < growth(a, b, 0.5).low


def test_false_changes_are_as_rare_as_they_should_be() -> None:
    noise = np.random.default_rng(1)
    wrong = {"paired": 0, "unpaired": 0}
    for _ in range(400):
        a, b = noise.normal(0.2, 1, 10).tolist(), noise.normal(0.2, 1, 10).tolist()
        wrong["paired"] += difference(measured(a), measured(b)).significant
        wrong["unpaired"] += difference(measured(a), measured(b, first=50)).significant
    assert all(0.02 <= count / 400 <= 0.08 for count in wrong.values()), wrong


def ranking(effects: dict[str, float], kept: str = "") -> list[Measurement]:
    return [measured([value - 0.01, value, value + 0.01], id, kept=id in kept) for id, value in effects.items()]


def test_rankings_by_hand() -> None:
    first = ranking({"a": 3.0, "b": -2.0, "c": 0.1, "gone": 0.5}, kept="ab")
    second = ranking({"b": 3.0, "a": 1.0, "c": 0.1, "new": -0.2}, kept="bc")
    found = compare_rankings(first, second, 2)
    assert found.ndcg == pytest.approx((2 + 3 / math.log2(3)) / (3 + 2 / math.log2(3)))
    assert found.ndcg_back == pytest.approx((1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3)))
    assert found.spearman == pytest.approx(0.5)
    assert (found.shared, found.only_first, found.only_second) == (3, ("gone",), ("new",))
    assert (found.entered, found.left) == (("c",), ("a",))
    assert [(one.candidate, one.changed) for one in found.changes] == [("b", True), ("a", True), ("c", False)]
    assert (found.changes[0].first, found.changes[0].second) == pytest.approx((-2, 3))


def test_what_has_no_effect_was_not_measured() -> None:
    failed = Measurement("b", "b", math.nan, math.nan, math.nan, 0, False)
    found = compare_rankings([*ranking({"a": 1.0}), failed], ranking({"a": 1.0, "b": 2.0}), 5)
    assert (found.shared, found.only_first, found.only_second) == (1, (), ("b",))
    assert math.isnan(found.spearman)
    nothing = compare_rankings([], [], 5)
    assert (nothing.ndcg, nothing.ndcg_back, nothing.shared, nothing.changes) == (1.0, 1.0, 0, ())


@given(
    effects=st.dictionaries(st.text("abcd", min_size=1, max_size=2), st.floats(-5, 5), max_size=8), seed=st.integers()
)
def test_a_ranking_agrees_with_itself_in_any_order(effects: dict[str, float], seed: int) -> None:
    rows = ranking(effects, kept="a")
    shuffled = random.Random(seed).sample(rows, len(rows))
    found = compare_rankings(rows, shuffled, 3)
    assert (found.ndcg, found.ndcg_back, found.entered, found.left) == (1.0, 1.0, (), ())
    assert not any(change.changed or change.difference.value for change in found.changes)
    assert compare_rankings(shuffled, rows, 3) == found or len(rows) < 2
