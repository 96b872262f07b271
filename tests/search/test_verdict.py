"""What a whole search can claim."""

import math

import numpy as np
import pytest

from diffex_cli.search.verdict import judge

N = 24


def world(effects: dict[str, float], seed: int = 0) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    random = np.random.default_rng(seed)
    return {id: effect + random.normal(0, 0.5, N) for id, effect in effects.items()}


def test_a_strong_effect_is_significant_and_nothing_is_not() -> None:
    deltas = world({"strong": 2.0, "nothing": 0.0, "hat": 0.0})
    verdict = judge(deltas, placebos={"hat"}, kept={"strong"}, early=(), delta=0.1)
    assert verdict.corrected_for == 3
    assert verdict.significant("strong")
    assert not verdict.significant("nothing")
    assert verdict.floor.source == "placebos"
    assert verdict.below_floor(0.01)
    assert not verdict.below_floor(2.0)
    assert 0.2 < verdict.detectable < 1.0
    assert verdict.coverage == {"strong": 1}


def test_without_placebos_chance_makes_the_floor() -> None:
    verdict = judge(world({"a": 1.0, "b": 0.0}), placebos=(), kept={"a"}, early=(), delta=0.1)
    assert verdict.floor.source == "sign flips"
    assert 0.05 < verdict.floor.value < 0.6


def test_no_search_with_nothing_in_it_finds_anything_too_often() -> None:
    false = 0
    for seed in range(60):
        deltas = world(dict.fromkeys("abcdefgh", 0.0), seed)
        verdict = judge(deltas, placebos=(), kept=set(deltas), early=(), delta=0.1, seed=seed)
        false += any(verdict.significant(id) for id in deltas)
    assert false <= 8


def test_after_a_race_those_dropped_early_still_count() -> None:
    deltas = world({"a": 0.4} | {f"b{i}": 0.0 for i in range(9)})
    for id in deltas:
        if id != "a":
            deltas[id][4:] = math.nan
    early = set(deltas) - {"a"}
    verdict = judge(deltas, placebos=(), kept={"a"}, early=early, delta=0.1)
    assert set(verdict.p_values) == {"a"}
    assert verdict.p_values["a"].corrected == pytest.approx(min(1.0, 10 * verdict.p_values["a"].raw))


def test_placebos_that_a_race_dropped_make_no_floor_of_their_own() -> None:
    deltas = world({"a": 1.0, "hat": 0.0})
    deltas["hat"][:4] = [2.0, -2.0, 1.5, -1.0]
    deltas["hat"][4:] = math.nan
    verdict = judge(deltas, placebos={"hat"}, kept={"a"}, early={"hat"}, delta=0.1)
    assert verdict.floor.source == "sign flips"
    assert not verdict.below_floor(1.0)


def test_several_targets_cost_power() -> None:
    deltas = world({"a": 0.35, "b": 0.0})
    one = judge(deltas, placebos=(), kept={"a"}, early=(), delta=0.1)
    many = judge(deltas, placebos=(), kept={"a"}, early=(), delta=0.1, targets=5)
    assert many.p_values["a"].corrected == pytest.approx(min(1.0, 5 * one.p_values["a"].corrected))
    assert many.corrected_for == 10
    assert many.detectable > one.detectable


def test_without_any_edit_nothing_is_claimed() -> None:
    verdict = judge({"a": np.full(3, math.nan)}, placebos=(), kept=(), early=(), delta=0.0)
    assert verdict.p_values == {}
    assert math.isnan(verdict.detectable)
    assert verdict.floor.source == "none"
    assert verdict.coverage == {}
