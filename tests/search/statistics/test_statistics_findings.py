"""The floor, what could have been missed, greedy coverage, interactions, held-out images, and the summary."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from diffex_cli.measure.outcomes import outcomes
from diffex_cli.search.statistics.cout import transitions
from diffex_cli.search.statistics.coverage import greedy_coverage
from diffex_cli.search.statistics.floor import Floor, noise_floor, smallest_detectable
from diffex_cli.search.statistics.holdout import HOLDOUT_MINIMUM, holdout_by_default, split
from diffex_cli.search.statistics.influence import Effect
from diffex_cli.search.statistics.interaction import interaction
from diffex_cli.search.statistics.summary import CandidateStatistics, candidate_statistics

NAN = math.nan


def noise(count: int, n: int, seed: int, sd: float = 1.0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {str(k): generator.normal(0, sd, n) for k in range(count)}


def test_the_floor_of_few_placebos_is_their_largest_upper_limit() -> None:
    floor = noise_floor({"a": [0.0, 0.2, NAN], "b": [-1.0, -1.0, -1.0], "c": [5.0, NAN, NAN]}, {})
    assert floor.source == "placebos"
    assert (floor.arms, floor.n) == (2, 2)
    assert floor.value == pytest.approx(1.0)  # b is constant; a has 0.1 + 6.3138 · 0.1
    assert noise_floor({"a": [0.0, 0.2]}, {}).value == pytest.approx(0.1 + 6.313751515 * 0.1)


def test_the_floor_of_many_placebos_is_an_order_statistic() -> None:
    arms = {str(k): [-k / 10, -k / 10 - 1, -k / 10 + 1] for k in range(39)}
    assert noise_floor(arms, {}).value == pytest.approx(3.7)  # the 38th of 39
    assert noise_floor({id: arms[id] for id in list(arms)[:19]}, {}).value == pytest.approx(1.8)


def test_the_floor_without_placebos_is_what_the_largest_of_the_candidates_would_be() -> None:
    # the largest of 40 |means| of 48 images has its 95 % quantile at z(1 − 0.05 / 80) / √48 = 0.466 · SD
    floor = noise_floor({}, noise(40, 48, 0, sd=0.72))
    assert floor.source == "sign flips"
    assert (floor.arms, floor.n) == (40, 48)
    assert floor.value == pytest.approx(0.466 * 0.72, rel=0.08)


def test_the_floor_of_two_images() -> None:
    # residuals ± 1 · √(2 / 1), whose mean over two images is 0 or √2
    assert noise_floor({}, {"a": [0.0, 2.0]}).value == pytest.approx(math.sqrt(2))


def test_effects_do_not_raise_the_floor() -> None:
    rows = noise(10, 48, 1)
    shifted = {id: row + 5 * k for k, (id, row) in enumerate(rows.items())}
    assert noise_floor({}, shifted).value == pytest.approx(noise_floor({}, rows).value, rel=0.03)


def test_null_searches_rarely_exceed_their_floor() -> None:
    above = 0
    for seed in range(60):
        rows = noise(12, 20, seed)
        above += max(abs(row.mean()) for row in rows.values()) > noise_floor({}, rows).value
    assert above <= 8


def test_the_floor_knows_no_order_and_has_a_unit() -> None:
    rows = noise(4, 20, 2)
    rows["0"][3] = NAN
    floor, images = noise_floor({}, rows), np.random.default_rng(0).permutation(20)
    assert noise_floor({}, {id: rows[id][images] for id in reversed(rows)}) == floor
    assert noise_floor({}, {id: 4 * row for id, row in rows.items()}).value == pytest.approx(4 * floor.value)


def test_no_floor() -> None:
    unknown = noise_floor({"p": [NAN, 1.0]}, {"a": [NAN, NAN]})
    assert math.isnan(unknown.value)
    assert (unknown.source, unknown.arms, unknown.n) == ("none", 0, 0)
    assert noise_floor({"idle": [0.0, 0.0]}, {}) == Floor(0.0, "placebos", 1, 2)
    with pytest.raises(ValueError, match="alpha"):
        noise_floor({}, {}, alpha=0.5)


def test_smallest_detectable_by_hand() -> None:
    assert smallest_detectable(16, 2.0, 1) == pytest.approx((2.131449546 + 0.866245) * 2 / 4, rel=1e-4)
    assert smallest_detectable(48, 0.0, 5) == 0.0
    assert math.isnan(smallest_detectable(1, 1.0, 5))
    assert math.isnan(smallest_detectable(9, NAN, 5))
    with pytest.raises(ValueError, match="no detectable effect"):
        smallest_detectable(9, 1.0, 0)


def test_smallest_detectable_has_the_power_that_it_says() -> None:
    effect, generator = smallest_detectable(20, 1.0, 1, power=0.8), np.random.default_rng(8)
    found = [Effect("a", generator.normal(effect, 1.0, 20)).student_low > 0 for _ in range(1500)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.04)


@given(n=st.integers(2, 200), sd=st.floats(0.01, 10), candidates=st.integers(1, 200))
def test_smallest_detectable_grows_with_noise_and_candidates(n: int, sd: float, candidates: int) -> None:
    smallest = smallest_detectable(n, sd, candidates)
    assert smallest_detectable(n, 2 * sd, candidates) == pytest.approx(2 * smallest)
    assert smallest_detectable(n, sd, candidates + 1) > smallest > smallest_detectable(n + 1, sd, candidates) > 0


def test_greedy_coverage_prefers_what_is_new() -> None:
    found = greedy_coverage(
        {
            "strong": [3.0, 3.0, 3.0, 0.0, 0.0, NAN],
            "twin": [2.9, 2.9, 2.9, 0.1, 0.1, 0.1],
            "other": [0.0, 0.0, 0.0, 2.0, 2.0, -0.1],
        },
        threshold=1.0,
    )
    assert found == ("strong", "other", "twin")


def test_greedy_coverage_goes_by_either_direction_and_ends_when_all_is_explained() -> None:
    assert greedy_coverage({"up": [1.0, 0.5], "down": [-3.0, -3.0]}, 0.6) == ("down",)
    assert greedy_coverage({"up": [1.0, 0.5], "down": [-3.0, -3.0]}, 9.0) == ("down", "up")
    assert greedy_coverage({}, 1.0) == greedy_coverage({"a": []}, 1.0) == greedy_coverage({"a": [NAN]}, 1.0) == ()


@given(
    st.integers(1, 6).flatmap(
        lambda n: st.lists(
            st.lists(st.one_of(st.just(NAN), st.integers(-9, 9).map(float)), min_size=n, max_size=n), max_size=5
        )
    ),
    st.data(),
)
def test_greedy_coverage_knows_no_order(rows: list[list[float]], data: st.DataObject) -> None:
    ids = data.draw(st.permutations(range(len(rows))))
    images = data.draw(st.permutations(range(len(rows[0]) if rows else 0)))
    found = greedy_coverage({str(k): row for k, row in enumerate(rows)}, 2.0)
    assert found == greedy_coverage({str(k): [rows[k][i] for i in images] for k in ids}, 2.0)


@pytest.mark.parametrize("threshold", [0.0, math.inf, NAN])
def test_greedy_coverage_refuses(threshold: float) -> None:
    with pytest.raises(ValueError, match="must hold"):
        greedy_coverage({}, threshold)


def test_interaction_by_hand() -> None:
    found = interaction([3.0, 5.0, NAN, 4.0], [[1.0, 1.0, 1.0, 1.0], [1.0, 2.0, 1.0, NAN]])
    assert found.n == 2
    assert (found.sum.mean, found.interaction.mean) == (2.5, 1.5)
    assert [single.mean for single in found.singles] == [1.0, 1.5]
    assert interaction([1.0], [[NAN], [1.0]]).n == 0
    for singles in ([[1.0]], [[1.0], [1.0, 2.0]]):
        with pytest.raises(ValueError, match=r"two attributes|aligned"):
            interaction([1.0], singles)


def test_the_interval_of_an_interaction_is_paired() -> None:
    generator = np.random.default_rng(9)
    a, b = generator.normal(0, 5, 30), generator.normal(0, 5, 30)
    found = interaction(a + b + 0.5 + generator.normal(0, 0.1, 30), [a, b])
    assert found.interaction.excludes_zero
    assert found.interaction.mean == pytest.approx(0.5, abs=0.1)
    assert found.interaction.high - found.interaction.low < 0.2
    additive = interaction(a + b, [a, b])
    assert abs(additive.interaction.mean) < 1e-12
    triple = interaction(a, [a, b, -b])
    assert triple == interaction(a, [a, b, -b])
    assert interaction(a, [-b, b, a]).interaction == triple.interaction


@given(keys=st.sets(st.text(max_size=5), max_size=40).map(sorted), data=st.data())
def test_a_split_depends_on_keys_alone_and_is_balanced(keys: list[str], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(keys))
    parts, again = split(keys), split(shuffled)
    assert {keys[i] for i in parts.holdout} == {shuffled[i] for i in again.holdout}
    assert sorted(parts.search + parts.holdout) == list(range(len(keys)))
    assert len(parts.holdout) == len(keys) // 2
    for part in (parts.search, parts.holdout):
        assert list(part) == sorted(part)


def test_another_seed_is_another_split() -> None:
    keys = [str(k) for k in range(48)]
    assert split(keys) != split(keys, seed=1)
    assert len(split(keys).holdout) == 24


def test_split_refuses_a_key_that_comes_twice() -> None:
    with pytest.raises(ValueError, match="key of its own"):
        split(["a", "a"])


def test_holdout_is_the_default_from_a_number_on() -> None:
    assert not holdout_by_default(HOLDOUT_MINIMUM - 1)
    assert holdout_by_default(HOLDOUT_MINIMUM)


def test_holding_out_lifts_the_winners_curse() -> None:
    keys, generator = [str(k) for k in range(48)], np.random.default_rng(10)
    parts, seen, unseen = split(keys), [], []
    for _ in range(200):
        rows = generator.normal(size=(20, 48))
        winner = rows[np.abs(rows[:, list(parts.search)].mean(1)).argmax()]
        effect = winner[list(parts.search)].mean()
        side = math.copysign(1, effect)
        seen.append(side * effect)
        unseen.append(side * winner[list(parts.holdout)].mean())
    assert np.mean(seen) > 0.3
    assert abs(np.mean(unseen)) < 0.05


BEFORE = np.log([[0.7, 0.3], [0.6, 0.4], [0.2, 0.8], [0.9, 0.1]])
AFTER = np.log([[0.2, 0.8], [0.5, 0.5], [0.3, 0.7], [0.9, 0.1]])


def summary(before: ArrayLike, after: ArrayLike, target: int, **more: Any) -> CandidateStatistics:
    """Of logits of one class of several."""
    against = more.pop("against", None)
    was, is_ = (outcomes(logits, target, against) for logits in (before, after))
    walked = () if against is not None else transitions(np.array(before), np.array(after), target)
    return candidate_statistics(was, is_, walked, **more)


def test_summary_by_hand() -> None:
    after = AFTER.copy()
    after[3] = NAN
    found = summary(BEFORE, after, 1, no_ops=[False, True, False, True])
    assert found.probability.mean == found.cace.mean == pytest.approx((0.5 + 0.1 - 0.1) / 3)
    assert (found.directions.up, found.directions.down) == (2 / 3, 1 / 3)
    assert (found.flips.to_target.value, found.flips.from_target.value) == (0.5, 0.0)  # a tie goes to the first class
    assert found.necessity.both.value == pytest.approx(1 / 3)
    assert found.cout.mean == pytest.approx(((-0.4 + 0.6) / 2 + (-0.2 + 0.0) / 2) / 2)
    assert (found.validity.value, found.validity.n) == (2 / 3, 3)
    assert {found.probability.n, found.cace.n, found.directions.n, found.necessity.both.n} == {3}


def test_summary_of_a_removed_attribute_swaps_the_sides() -> None:
    added, removed = (summary(BEFORE, AFTER, 1, removes=removes) for removes in (False, True))
    assert removed.directions == added.directions
    assert removed.cace.mean == -added.cace.mean
    assert added.necessity.both.value == 0.25
    assert removed.necessity.both.value == 0.0


def test_summary_of_one_output_and_of_a_contrast() -> None:
    single = summary([[1.0], [2.0]], [[2.0], [2.5]], 0)
    assert single.directions.n == 2
    assert (single.probability.n, single.flips.to_target.n, single.cout.n) == (0, 0, 0)
    contrast = summary(BEFORE, AFTER, 1, against=0)
    swapped = summary(BEFORE, AFTER, 0, against=1)
    assert contrast.probability.mean == pytest.approx(-swapped.probability.mean)
    assert (contrast.directions.up, contrast.directions.down) == (swapped.directions.down, swapped.directions.up)
    assert contrast.cout.n == 0


@given(st.permutations(range(4)))
def test_summary_knows_no_order(order: list[int]) -> None:
    first = summary(BEFORE, AFTER, 1, no_ops=[True, False, False, False])
    idle = np.array([True, False, False, False])
    assert repr(summary(BEFORE[order], AFTER[order], 1, no_ops=idle[order].tolist())) == repr(first)


@pytest.mark.parametrize(("after", "no_ops"), [(AFTER[:2], None), (AFTER, [True])])
def test_summary_refuses(after: np.ndarray, no_ops: list[bool] | None) -> None:
    was, is_ = (outcomes(logits, 1) for logits in (BEFORE, after))
    with pytest.raises(ValueError, match=r"aligned|no-op"):
        candidate_statistics(was, is_, no_ops=no_ops)
