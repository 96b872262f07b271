"""What a whole search can claim."""

import itertools
import math

import numpy as np
import pytest

from diffex_cli.search.statistics.verdict import Tried, significance_of

N = 24


def world(effects: dict[str, float], seed: int = 0) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    random = np.random.default_rng(seed)
    return {id: effect + random.normal(0, 0.5, N) for id, effect in effects.items()}


def test_a_strong_effect_is_significant_and_nothing_is_not() -> None:
    deltas = world({"strong": 2.0, "nothing": 0.0, "hat": 0.0})
    verdict = significance_of(Tried(deltas, placebos={"hat"}, kept={"strong"}), delta=0.1)
    assert verdict.corrected_for == 3
    assert verdict.significant("strong")
    assert not verdict.significant("nothing")
    assert verdict.floor.source == "placebos"
    assert verdict.below_floor(0.01)
    assert not verdict.below_floor(2.0)
    assert 0.2 < verdict.detectable < 1.0
    assert verdict.coverage == {"strong": 1}


def test_without_placebos_chance_makes_the_floor() -> None:
    verdict = significance_of(Tried(world({"a": 1.0, "b": 0.0}), kept={"a"}), delta=0.1)
    assert verdict.floor.source == "sign flips"
    assert 0.05 < verdict.floor.value < 0.6


def test_no_search_with_nothing_in_it_finds_anything_too_often() -> None:
    false = 0
    for seed in range(60):
        deltas = world(dict.fromkeys("abcdefgh", 0.0), seed)
        verdict = significance_of(Tried(deltas, kept=set(deltas)), delta=0.1, seed=seed)
        false += any(verdict.significant(id) for id in deltas)
    assert false <= 8


def test_after_a_race_those_dropped_early_still_count() -> None:
    deltas = world({"a": 0.4} | {f"b{i}": 0.0 for i in range(9)})
    for id in deltas:
        if id != "a":
            deltas[id][4:] = math.nan
    early = set(deltas) - {"a"}
    verdict = significance_of(Tried(deltas, kept={"a"}, early=early), delta=0.1)
    assert set(verdict.p_values) == {"a"}
    assert verdict.p_values["a"].corrected == pytest.approx(min(1.0, 10 * verdict.p_values["a"].raw))


def test_without_a_p_value_nothing_is_significant_whatever_the_floor() -> None:
    deltas = world({"a": 3.0, "b": 3.0}) | {"hat": np.zeros(N), "broken": np.full(N, math.nan)}
    verdict = significance_of(Tried(deltas, placebos={"hat"}, kept={"a", "b"}, early={"b"}), delta=0.1)
    assert verdict.floor.value == 0
    assert not verdict.below_floor(3.0)
    assert set(verdict.p_values) == {"a", "hat"}
    assert verdict.significant("a")
    assert not any(verdict.significant(id) for id in ("b", "broken", "never tried"))


def test_placebos_that_a_race_dropped_make_no_floor_of_their_own() -> None:
    deltas = world({"a": 1.0, "hat": 0.0})
    deltas["hat"][:4] = [2.0, -2.0, 1.5, -1.0]
    deltas["hat"][4:] = math.nan
    verdict = significance_of(Tried(deltas, placebos={"hat"}, kept={"a"}, early={"hat"}), delta=0.1)
    assert verdict.floor.source == "sign flips"
    assert not verdict.below_floor(1.0)


def test_several_targets_cost_power() -> None:
    deltas = world({"a": 0.35, "b": 0.0})
    one = significance_of(Tried(deltas, kept={"a"}), delta=0.1)
    many = significance_of(Tried(deltas, kept={"a"}), delta=0.1, targets=5)
    assert many.p_values["a"].corrected == pytest.approx(min(1.0, 5 * one.p_values["a"].corrected))
    assert many.corrected_for == 10
    assert many.detectable > one.detectable


def test_after_a_race_the_floor_is_that_of_all_who_ran() -> None:
    above = {True: 0, False: 0}
    for seed in range(30):
        deltas = world({f"a{i}": 0.0 for i in range(30)}, seed)
        kept = set(sorted(deltas, key=lambda id: -abs(deltas[id].mean()))[:3])
        largest = max(abs(values.mean()) for values in deltas.values())
        for id in set(deltas) - kept:
            deltas[id][4:] = math.nan
        raced = significance_of(Tried(deltas, kept=kept, early=set(deltas) - kept), delta=0.1)
        above[True] += not raced.below_floor(largest)
        few = significance_of(Tried({id: deltas[id] for id in kept}, kept=kept), delta=0.1)
        above[False] += not few.below_floor(largest)
    # at 5 % one or two are expected; a floor of the three that were left would be exceeded far more often
    assert above[True] <= 4 < above[False]


def test_two_that_lean_the_same_way_by_chance_are_no_finding() -> None:
    passed = {True: 0, False: 0}
    for seed in range(12):
        deltas = world({f"a{i:02}": 0.0 for i in range(40)}, seed)
        strongest = sorted(deltas, key=lambda id: -abs(deltas[id].mean()))[:5]
        pairs = {f"{a} + {b}": (a, b) for a, b in itertools.combinations(strongest, 2)}
        everything = deltas | {id: deltas[a] + deltas[b] for id, (a, b) in pairs.items()}
        for told in (True, False):
            verdict = significance_of(Tried(everything, kept=pairs, sets=pairs if told else {}), delta=0.1, seed=seed)
            passed[told] += any(verdict.significant(id) for id in pairs)
    assert passed[True] == 0 < 3 <= passed[False]


def test_a_set_that_does_more_than_its_parts_is_a_finding_and_a_passenger_makes_none() -> None:
    deltas = world({"a": 1.0, "b": 0.8, "c": 0.0} | {f"d{i}": 0.0 for i in range(20)})
    sets = {"a + b": ("a", "b"), "a + c": ("a", "c")}
    for id, (one, other) in sets.items():
        deltas[id] = deltas[one] + deltas[other]
    verdict = significance_of(Tried(deltas, kept=sets, sets=sets), delta=0.1)
    assert verdict.significant("a + b")
    assert not verdict.significant("a + c")
    assert verdict.p_values["a + c"].raw < 0.001
    # a part that a race dropped early is known to be weak, but on too few images for a test
    deltas["b"][:4] = [2.0, -2.0, 1.0, -1.0]
    deltas["b"][4:] = math.nan
    for early in (False, True):
        verdict = significance_of(Tried(deltas, kept=sets, early={"b"} if early else (), sets=sets), delta=0.1)
        assert verdict.significant("a + b") == early


@pytest.mark.parametrize("raced", [False, True])
@pytest.mark.parametrize("placebo", [False, True])
def test_sets_cost_a_single_attribute_nothing(raced: bool, placebo: bool) -> None:
    singles = world({"a": 1.0, "b": 0.35, "c": 0.0} | {f"d{i}": 0.0 for i in range(9)})
    early = {f"d{i}" for i in range(4)} if raced else set()
    for id in early:
        singles[id][4:] = math.nan
    pairs = {f"{one} + {other}": (one, other) for one, other in itertools.combinations("abc", 2)}
    together = {id: singles[one] + singles[other] for id, (one, other) in pairs.items()}
    placebos = {"d8"} if placebo else set()
    alone = significance_of(Tried(singles, placebos=placebos, kept=singles, early=early), delta=0.1, targets=2)
    more = Tried(singles | together, placebos=placebos, kept=singles, early=early, sets=pairs)
    joint = significance_of(more, delta=0.1, targets=2)
    assert {id: p for id, p in joint.p_values.items() if id not in pairs} == alone.p_values
    assert (joint.floor, joint.detectable, joint.corrected_for) == (alone.floor, alone.detectable, alone.corrected_for)
    assert (alone.corrected_for_sets, joint.corrected_for_sets) == (0, 2 * len(pairs))
    assert joint.p_values["a + b"].corrected < 0.05 < joint.p_values["a + c"].corrected


@pytest.mark.parametrize("raced", [False, True])
def test_each_family_is_wrong_in_one_search_of_twenty_at_most(raced: bool) -> None:
    searches, false = 300, {"singles": 0, "sets": 0, "uncorrected": 0}
    for seed in range(searches):
        random = np.random.default_rng(seed)
        deltas = {f"a{i}": random.normal(0, 0.5, 10) for i in range(12)}
        strongest = sorted(deltas, key=lambda id: -abs(deltas[id].mean()))[:5]
        pairs = {f"{a} + {b}": (a, b) for a, b in itertools.combinations(strongest, 2)}
        sets = {id: deltas[a] + deltas[b] for id, (a, b) in pairs.items()}
        early = set(deltas) - set(strongest) if raced else set()
        for id in early:
            deltas[id][4:] = math.nan
        tried = Tried(deltas | sets, kept=pairs, early=early, sets=pairs)
        verdict = significance_of(tried, delta=0.1, seed=seed)
        false["singles"] += any(verdict.significant(id) for id in deltas)
        false["sets"] += any(verdict.significant(id) for id in pairs)
        false["uncorrected"] += any(p.raw <= 0.05 for p in verdict.p_values.values())
    # 5 %, and two standard errors of that figure
    most = 0.05 * searches + 2 * math.sqrt(searches * 0.05 * 0.95)
    assert false["singles"] <= most
    assert false["sets"] <= most
    assert false["uncorrected"] > 0.3 * searches


def test_what_could_be_found_is_above_the_threshold_and_the_floor() -> None:
    deltas = world(dict.fromkeys("abc", 0.0))
    by_chance = significance_of(Tried(deltas), delta=0.0).detectable
    assert significance_of(Tried(deltas), delta=0.01).detectable == by_chance
    strict = significance_of(Tried(deltas), delta=2.0).detectable
    assert 2.0 < strict < 2.0 + by_chance
    deltas["hat"] = np.full(N, 3.0)
    assert 3.0 < significance_of(Tried(deltas, placebos={"hat"}), delta=0.0).detectable < 3.0 + by_chance


def test_with_too_few_images_no_effect_can_be_found() -> None:
    # the smallest p-value of five images is 1/16, of six 1/32
    for n, found in ((5, False), (6, True)):
        deltas = {id: 100 + np.arange(float(n)) for id in "abc"}
        verdict = significance_of(Tried(deltas, kept=deltas), delta=0.1)
        assert verdict.significant("a") == found
        assert math.isfinite(verdict.detectable) == found


def test_a_thousand_targets_leave_something_to_be_found() -> None:
    verdict = significance_of(Tried(world({"a": 5.0, "b": 0.0}), kept={"a"}), delta=0.1, targets=1000)
    assert verdict.significant("a")
    assert not verdict.significant("b")
    assert math.isfinite(verdict.detectable)


def test_without_any_edit_nothing_is_claimed() -> None:
    verdict = significance_of(Tried({"a": np.full(3, math.nan)}), delta=0.0)
    assert verdict.p_values == {}
    assert math.isnan(verdict.detectable)
    assert verdict.floor.source == "none"
    assert verdict.coverage == {}
