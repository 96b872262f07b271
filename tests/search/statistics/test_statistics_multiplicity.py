"""p-values: exact small cases, symmetries, and error rates under the null."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffex_cli.search.statistics.multiplicity import beyond_parent_p, holm, max_t, one_sided_paired_p
from diffex_cli.search.statistics.student import student_t_tail

NAN = math.nan
FAMILIES = st.integers(1, 7).flatmap(
    lambda n: st.lists(
        st.lists(st.one_of(st.just(NAN), st.integers(-9, 9).map(float)), min_size=n, max_size=n), min_size=1, max_size=4
    )
)


def by_hand(rows: np.ndarray) -> tuple[list[float], list[float]]:
    """Raw and single-step p-values over all assignments of signs."""
    rows = np.nan_to_num(rows)
    lengths = np.sqrt((rows**2).sum(1))
    lengths[lengths == 0] = 1
    observed = np.abs(rows.sum(1)) / lengths
    worlds = [np.abs((rows * signs).sum(1)) / lengths for signs in itertools.product((1, -1), repeat=rows.shape[1])]
    raw = [np.mean([world[k] >= observed[k] - 1e-8 for world in worlds]) for k in range(len(rows))]
    single = [np.mean([world.max() >= observed[k] - 1e-8 for world in worlds]) for k in range(len(rows))]
    return raw, single


@given(rows=FAMILIES)
def test_max_t_is_the_enumeration_of_all_signs(rows: list[list[float]]) -> None:
    found = max_t({str(k): row for k, row in enumerate(rows)})
    raw, single = by_hand(np.array(rows))
    for k, row in enumerate(rows):
        one = found[str(k)]
        assert one.n == int((~np.isnan(row)).sum())
        if one.n:
            assert one.raw == pytest.approx(raw[k])
            assert one.raw - 1e-12 <= one.step_down <= single[k] + 1e-12
        else:
            assert math.isnan(one.raw)
    # everybody is a rival of the strongest
    edited = [k for k in range(len(rows)) if found[str(k)].n]
    if edited:
        assert min(found[str(k)].step_down for k in edited) == pytest.approx(min(single[k] for k in edited))


def test_max_t_by_hand() -> None:
    # 8 assignments of 3 signs: |sum| is 6 in two of them; "b" is largest in the same two alone
    found = max_t({"a": [1.0, 2.0, 3.0], "b": [1.0, -1.0, NAN]})
    assert (found["a"].raw, found["a"].step_down) == (0.25, 0.25)
    assert (found["b"].raw, found["b"].step_down, found["b"].n) == (1.0, 1.0, 2)


def test_fourteen_images_are_enumerated_and_fifteen_drawn() -> None:
    assert max_t({"a": [0.5] * 14})["a"].raw == 2 / 2**14
    assert max_t({"a": [0.5] * 15})["a"].raw in (k / 10_000 for k in range(1, 6))


def test_a_sum_that_is_zero_but_for_rounding_is_no_evidence() -> None:
    assert max_t({"a": [1.0, 2.0, 3.0, -6.0]})["a"].raw == 1.0


@given(rows=FAMILIES, data=st.data())
def test_max_t_knows_no_order(rows: list[list[float]], data: st.DataObject) -> None:
    images = data.draw(st.permutations(range(len(rows[0]))))
    ids = data.draw(st.permutations(range(len(rows))))
    first = max_t({str(k): rows[k] for k in range(len(rows))}, flips=20)
    second = max_t({str(k): [rows[k][i] for i in images] for k in ids}, flips=20)
    assert list(second) == [str(k) for k in ids]
    assert repr(first) == repr({id: second[id] for id in first})


def test_random_flips_know_no_order_either() -> None:
    generator = np.random.default_rng(1)
    rows = generator.normal(size=(5, 30))
    rows[generator.random((5, 30)) < 0.1] = NAN
    images = generator.permutation(30)
    first = max_t({str(k): rows[k] for k in range(5)}, flips=500)
    assert first == max_t({str(k): rows[k, images] for k in (3, 1, 4, 0, 2)}, flips=500)
    assert first != max_t({str(k): rows[k] for k in range(5)}, flips=500, seed=1)


@given(scale=st.sampled_from([-1e200, -3.0, 1e-200]))
def test_max_t_has_no_unit(scale: float) -> None:
    rows = np.random.default_rng(2).normal(size=(3, 9))
    first = max_t({str(k): rows[k] for k in range(3)})
    scaled = max_t({str(k): rows[k] * (scale if k == 1 else 1.0) for k in range(3)})
    assert first == scaled


def test_step_down_spares_weak_candidates_the_strong_rivals() -> None:
    generator = np.random.default_rng(3)
    rows = {f"strong {k}": generator.normal(3, 1, 30) for k in range(10)}
    rows["weak"] = generator.normal(0.42, 1, 30)
    found = max_t(rows)
    assert all(one.step_down < 0.01 for id, one in found.items() if id != "weak")
    assert found["weak"].raw == found["weak"].step_down


def test_no_candidate_is_surer_than_one_with_a_larger_statistic() -> None:
    # "a" has few images: the larger statistic, 2 / √2 against 3 / √5, and the larger p-value of its own
    found = max_t({"a": [1.0, 1.0, NAN, NAN, NAN], "b": [1.0, 1.0, 1.0, 1.0, -1.0]})
    assert (found["a"].raw, found["b"].raw) == (0.5, 0.375)
    assert found["b"].step_down == found["a"].step_down == 0.5


def test_edits_that_do_nothing() -> None:
    found = max_t({"idle": [0.0] * 5, "failed": [NAN] * 5})
    assert (found["idle"].raw, found["idle"].step_down, found["idle"].n) == (1.0, 1.0, 5)
    assert math.isnan(found["failed"].step_down)
    assert max_t({}) == {}
    assert max_t({"a": []})["a"].n == 0


def test_max_t_errs_in_one_of_twenty_null_searches() -> None:
    generator, errors = np.random.default_rng(4), 0
    for _ in range(400):
        common = generator.normal(size=24)
        rows = {str(k): generator.normal(size=24) + common for k in range(12)}
        errors += min(one.step_down for one in max_t(rows, flips=400).values()) <= 0.05
    assert 0.025 <= errors / 400 <= 0.08


@pytest.mark.parametrize(
    ("rows", "options"), [({"a": [1.0], "b": [1.0, 2.0]}, {}), ({}, {"flips": 0}), ({}, {"seed": -1})]
)
def test_max_t_refuses(rows: dict[str, list[float]], options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"aligned|must hold"):
        max_t(rows, **options)


def test_holm_by_hand() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005, "e": NAN})
    assert found["d"] == pytest.approx(0.02)
    assert found["a"] == pytest.approx(0.03)
    assert found["c"] == found["b"] == pytest.approx(0.06)
    assert math.isnan(found["e"])
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}
    with pytest.raises(ValueError, match="not in"):
        holm({"a": 1.5})


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=8))
def test_holm_keeps_the_order_and_lies_between_nothing_and_bonferroni(p_values: dict[str, float]) -> None:
    found = holm(p_values)
    assert list(found) == list(p_values)
    for id, p in p_values.items():
        assert p <= found[id] <= min(1.0, p * len(p_values))
        assert all(found[id] <= found[other] for other, q in p_values.items() if p < q)


@pytest.mark.parametrize(
    ("t", "degrees", "p"),
    [
        (12.706204736, 1, 0.025),
        (1.812461123, 10, 0.05),
        (-2.364624252, 7, 0.975),
        (2.011740514, 47, 0.025),
        (0.0, 5, 0.5),
        (math.inf, 4, 0.0),
        (-math.inf, 3, 1.0),
    ],
)
def test_student_t_tail_agrees_with_the_tables(t: float, degrees: int, p: float) -> None:
    assert student_t_tail(t, degrees) == pytest.approx(p, abs=1e-9)


def test_student_t_tail_of_nothing() -> None:
    assert math.isnan(student_t_tail(NAN, 3))
    with pytest.raises(ValueError, match="degrees"):
        student_t_tail(1.0, 0)


def test_a_child_against_a_parent_that_does_nothing_is_tested_two_sided() -> None:
    child = [0.1, 0.3, 0.9, 0.4, -0.2]
    array = np.array(child)
    t = array.mean() / (array.std(ddof=1) / math.sqrt(5))
    assert one_sided_paired_p(child, [0.0] * 5) == pytest.approx(2 * student_t_tail(t, 4))


def test_a_child_with_a_clear_sign_is_tested_one_sided() -> None:
    generator = np.random.default_rng(6)
    parent = generator.normal(10, 0.1, 20)
    child = parent + generator.normal(0.02, 0.1, 20)
    difference = child - parent
    t = difference.mean() / (difference.std(ddof=1) / math.sqrt(20))
    assert one_sided_paired_p(child, parent) == pytest.approx(student_t_tail(t, 19))
    assert one_sided_paired_p(-child, parent) > 0.01  # exceeds in size, whichever the signs
    assert one_sided_paired_p(parent, parent) == 1.0


@given(st.lists(st.tuples(*[st.one_of(st.just(NAN), st.integers(-50, 50).map(float))] * 2), max_size=15), st.data())
def test_one_sided_p_has_no_order_sign_or_unit(pairs: list[tuple[float, float]], data: st.DataObject) -> None:
    child, parent = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    order = np.array(data.draw(st.permutations(range(len(pairs)))), dtype=int)
    p = one_sided_paired_p(child, parent)
    assert one_sided_paired_p(child[order], parent[order]) == pytest.approx(p, nan_ok=True)
    if len(pairs) and np.nansum(child[~np.isnan(parent)]) != 0:
        assert one_sided_paired_p(-4 * child, -4 * parent) == pytest.approx(p, nan_ok=True)
        assert one_sided_paired_p(child, -parent) == pytest.approx(p, nan_ok=True)


def test_one_sided_p_of_few_images() -> None:
    assert math.isnan(one_sided_paired_p([1.0, NAN, 2.0], [1.0, 2.0, NAN]))
    assert one_sided_paired_p([2.0, 2.0], [1.0, 1.0]) == 0.0
    with pytest.raises(ValueError, match="aligned"):
        one_sided_paired_p([1.0], [1.0, 2.0])


def accepted(effect: float, parents: float, noise: float, gain: float = 0.0) -> tuple[float, float]:
    """Share of children accepted by the test at 5 %, and by comparing the two influences."""
    generator, tested, naive = np.random.default_rng(7), 0, 0
    for _ in range(1500):
        parent = parents + noise * generator.normal(size=24)
        child = effect + gain + 0.7 * generator.normal(size=24)
        tested += one_sided_paired_p(child, parent) <= 0.05
        naive += abs(child.mean()) > abs(parent.mean())
    return tested / 1500, naive / 1500


@pytest.mark.parametrize("noise", [0.0, 0.2, 0.7])
@pytest.mark.parametrize("effect", [0.0, 0.05, 0.15, 2.0])
@pytest.mark.parametrize("side", [1, -1])
def test_a_child_that_adds_nothing_is_accepted_in_at_most_one_of_twenty(noise: float, effect: float, side: int) -> None:
    share, _ = accepted(effect, side * effect, noise)
    assert share <= 0.064


def test_the_test_is_not_idle_where_influences_are_clear() -> None:
    share, naive = accepted(2.0, 2.0, 0.7)
    assert 0.036 <= share <= 0.064
    assert 0.45 <= naive <= 0.55
    assert accepted(2.0, 2.0, 0.7, gain=0.8)[0] >= 0.95
    assert accepted(-2.0, 2.0, 0.7, gain=-0.8)[0] >= 0.95


@settings(max_examples=20)
@given(st.integers(15, 40))
def test_random_flips_count_the_observed_world(n: int) -> None:
    found = max_t({"a": np.full(n, 0.5)}, flips=50)
    assert 1 / 50 <= found["a"].raw <= 2 / 50


def test_beyond_the_parent_in_ones_own_direction() -> None:
    child, parent = np.array([0.5, 0.6, 0.4, 0.5]), np.array([1.0, 1.2, 0.8, 1.0])
    assert beyond_parent_p(parent, child) == pytest.approx(one_sided_paired_p(parent, child), rel=0.2)
    assert beyond_parent_p(child, parent) > 0.99
    assert beyond_parent_p(child, -parent) < 0.01 < one_sided_paired_p(child, -parent)
    assert beyond_parent_p(-child, parent) == pytest.approx(beyond_parent_p(child, -parent))
    assert math.isnan(beyond_parent_p([1.0, NAN], [NAN, 1.0]))


def test_a_child_that_does_what_its_parent_does_is_accepted_as_seldom_as_promised() -> None:
    random = np.random.default_rng(5)
    parents = random.normal(0.5, 1, (400, 24))
    children = random.normal(0.5, 1, (400, 24))
    accepted = sum(beyond_parent_p(c, p) <= 0.05 for c, p in zip(children, parents, strict=True))
    assert 4 <= accepted <= 32
    nothing = sum(beyond_parent_p(c - 0.5, p) <= 0.05 for c, p in zip(children, -parents, strict=True))
    # a child that does nothing, below a parent that does something: only its own sign protects it
    assert nothing <= 32
