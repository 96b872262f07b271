"""Targets, flips, directions, CaCE, necessity and sufficiency, COUT."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.measure.outcomes import outcomes
from diffex_cli.search.statistics.cout import transitions
from diffex_cli.search.statistics.flips import Directions, Share, cace, directions, flips
from diffex_cli.search.statistics.necessity import necessity
from diffex_cli.search.statistics.summary import candidate_statistics

NAN = math.nan
LOGITS = np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 2.0], [NAN, NAN, NAN], [0.0, 0.0, 5.0]])
DECISIONS = st.lists(st.tuples(*[st.sampled_from([0.0, 1.0, NAN])] * 2), max_size=30)


def test_outcomes_of_a_label() -> None:
    found = outcomes(LOGITS, 1)
    np.testing.assert_equal(found.score, [0.0, 2.0, NAN, 0.0])
    np.testing.assert_equal(found.predicted, [0.0, 1.0, NAN, 0.0])
    assert found.probability[0] == pytest.approx(1 / (math.e + 2))
    assert math.isnan(found.probability[2])


def test_outcomes_of_each_images_own_class() -> None:
    np.testing.assert_equal(outcomes(LOGITS, [0, 1, 0, 2]).predicted, [1.0, 1.0, NAN, 1.0])


def test_outcomes_of_a_contrast() -> None:
    found = outcomes(LOGITS, 0, against=2)
    np.testing.assert_equal(found.score, [1.0, -2.0, NAN, -5.0])
    np.testing.assert_equal(found.predicted, [1.0, 0.0, NAN, 0.0])
    assert found.probability[1] == pytest.approx(1 / (1 + math.exp(2)))


def test_outcomes_of_a_single_output_are_scores_alone() -> None:
    found = outcomes([[3.0], [NAN]], 0)
    np.testing.assert_equal(found.score, [3.0, NAN])
    assert np.isnan(found.probability).all()
    assert np.isnan(found.predicted).all()


def test_a_label_that_excludes_nothing_goes_by_its_own_logit() -> None:
    logits = [[3.0, -1.0], [3.0, 1.0], [NAN, NAN], [0.0, 0.0]]
    found = outcomes(logits, 1, kind="multilabel")
    np.testing.assert_equal(found.score, [-1.0, 1.0, NAN, 0.0])
    np.testing.assert_equal(found.predicted, [0.0, 1.0, NAN, 0.0])
    np.testing.assert_allclose(found.probability, [1 / (1 + math.e), math.e / (1 + math.e), NAN, 0.5])
    np.testing.assert_equal(outcomes(logits, [0, 0, 0, 0], kind="multilabel").predicted, [1.0, 1.0, NAN, 0.0])
    np.testing.assert_equal(outcomes([[2.0], [-2.0]], 0, kind="multilabel").predicted, [1.0, 0.0])
    one, many = (outcomes(logits, 0, against=1, kind=kind) for kind in ("softmax", "multilabel"))
    np.testing.assert_equal(dataclasses.astuple(many), dataclasses.astuple(one))


def test_a_quantity_is_a_score_alone() -> None:
    for against, score in ((None, [0.0, 2.0, NAN, 0.0]), (0, [-1.0, 2.0, NAN, 0.0])):
        found = outcomes(LOGITS, 1, against, "regression")
        np.testing.assert_equal(found.score, score)
        assert np.isnan([found.probability, found.predicted]).all()


def test_statistics_go_by_the_kind() -> None:
    before, after = [[3.0, -1.0], [3.0, -2.0]], [[3.0, 1.0], [3.0, -1.0]]
    one, many, quantity = (
        candidate_statistics(*(outcomes(logits, 1, kind=kind) for logits in (before, after)))
        for kind in ("softmax", "multilabel", "regression")
    )
    assert {found.directions for found in (one, many, quantity)} == {Directions(1.0, 0.0, 2)}
    assert (one.flips.to_target.value, many.flips.to_target.value, quantity.flips.to_target.n) == (0.0, 0.5, 0)
    assert math.isnan(quantity.probability.mean)


def test_huge_logits_do_not_overflow() -> None:
    np.testing.assert_array_equal(outcomes([[1e4, -1e4]], 0).probability, [1.0])
    np.testing.assert_array_equal(outcomes([[1e4, -1e4]], 1, against=0).probability, [0.0])


@pytest.mark.parametrize(
    ("logits", "target", "against"),
    [
        (LOGITS, 3, None),
        (LOGITS, -1, None),
        (LOGITS, [0, 1], None),
        (LOGITS, 0, 7),
        ([1.0], 0, None),
        ([[math.inf]], 0, None),
    ],
)
def test_outcomes_refuse(logits: object, target: object, against: int | None) -> None:
    with pytest.raises(ValueError, match=r"target|contrast|logit"):
        outcomes(logits, target, against)  # type: ignore[arg-type]


def test_flips_by_hand() -> None:
    found = flips([0, 0, 0, 0, 1, 1, NAN, 1], [1, 0, 0, 0, 0, 1, 1, NAN])
    assert found.to_target == Share(0.25, 4)
    assert found.from_target == Share(0.5, 2)


def test_flips_without_images_to_flip() -> None:
    found = flips([1, 1], [1, 0])
    assert (found.to_target.n, found.from_target) == (0, Share(0.5, 2))
    assert math.isnan(found.to_target.value)
    assert math.isnan(flips([], []).to_target.value)


@given(pairs=DECISIONS, data=st.data())
def test_flips_and_necessity_do_not_depend_on_the_order(pairs: list[tuple[float, float]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(pairs))
    first, second = ([list(side) for side in zip(*some, strict=True)] or [[], []] for some in (pairs, shuffled))
    assert repr(flips(*first)) == repr(flips(*second))
    assert repr(necessity(*first)) == repr(necessity(*second))


@pytest.mark.parametrize("pair", [([0.5], [1]), ([0, 1], [1]), ([2], [0])])
def test_decisions_are_checked(pair: tuple[list[float], list[float]]) -> None:
    for function in (flips, necessity):
        with pytest.raises(ValueError, match=r"0, 1 or NaN|aligned"):
            function(*pair)


def test_directions_by_hand() -> None:
    deltas = [1.0, 0.1, -0.1, -2.0, NAN, 3.0]
    assert directions(deltas) == Directions(0.6, 0.4, 5)
    assert directions([0.0, 1.0]) == Directions(0.5, 0.0, 2)
    assert directions([NAN]).n == 0


def test_cace_is_with_minus_without() -> None:
    found = cace([0.9, 0.5, NAN], [0.4, 0.4, 0.1])
    assert found.mean == pytest.approx(0.3)
    assert found.n == 2
    assert cace([0.4, 0.4], [0.9, 0.5]).mean == pytest.approx(-0.3)


def test_necessity_by_hand() -> None:
    # 10 images: 3 predicted only with the attribute, 4 always, 1 only without it, 2 never
    with_ = [1] * 3 + [1] * 4 + [0] + [0] * 2
    without = [0] * 3 + [1] * 4 + [1] + [0] * 2
    found = necessity(with_, without)
    assert (found.both.value, found.both.low, found.both.high, found.both.n) == (0.3, 0.2, 0.5, 10)
    assert found.necessity.value == 3 / 7
    assert (found.necessity.low, found.necessity.high, found.necessity.n) == (2 / 7, 5 / 7, 7)
    assert (found.sufficiency.value, found.sufficiency.low, found.sufficiency.high) == (0.6, 0.4, 1.0)
    assert found.sufficiency.n == 5


def test_necessity_without_a_condition() -> None:
    never = necessity([0, 0], [0, 0])
    assert never.necessity.n == 0
    assert math.isnan(never.necessity.value)
    assert never.sufficiency.value == 0.0
    always = necessity([1, 1], [1, 1])
    assert math.isnan(always.sufficiency.low)
    assert always.necessity.value == 0.0
    assert math.isnan(necessity([NAN], [1]).both.high)


@given(pairs=DECISIONS)
def test_the_counts_are_within_their_bounds(pairs: list[tuple[float, float]]) -> None:
    with_, without = ([pair[side] for pair in pairs] for side in (0, 1))
    found = necessity(with_, without)
    for one in (found.necessity, found.sufficiency, found.both):
        if one.n:
            assert 0 <= one.low <= one.value <= one.high <= 1
    if not any(a < b for a, b in pairs):  # never against the target
        assert found.both.value == pytest.approx(found.both.low, nan_ok=True)


def test_cout_takes_the_images_that_have_a_way_to_go() -> None:
    before = np.log([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.5, 0.3, 0.2]])
    after = np.log([[0.3, 0.6, 0.1], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5], [0.5, 0.3, 0.2]])
    after[3] = NAN
    np.testing.assert_allclose(transitions(before, after, 1), [(-0.5 + 0.3) / 2, NAN, (-0.4 - 0.2) / 2, NAN])
    assert np.isnan(transitions(np.array([[1.0]]), np.array([[2.0]]), 0)).all()


@given(st.lists(st.lists(st.floats(-9, 9), min_size=4, max_size=4), min_size=1, max_size=8))
def test_cout_is_bounded_and_turns_its_sign_when_an_edit_is_undone(rows: list[list[float]]) -> None:
    pictures = np.array(rows)
    # before, the first class is predicted, and after it the second
    before = -np.sort(-pictures[:, :2], axis=1) + np.array([1, 0])
    after = np.sort(pictures[:, 2:], axis=1) + np.array([0, 1])
    there, back = transitions(before, after, 1), transitions(after, before, 0)
    assert (np.abs(there) <= 1).all()
    np.testing.assert_allclose(back, -there, atol=1e-12)
