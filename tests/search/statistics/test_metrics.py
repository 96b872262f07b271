"""nDCG and Spearman, with their degenerate cases."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.search.statistics.metrics import ndcg_at_k, spearman

RELEVANCES = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), st.floats(0, 1e6), max_size=8)


def test_ndcg_by_hand() -> None:
    relevance = {"a": 3.0, "b": 2.0, "c": 0.0}
    assert ndcg_at_k(relevance, ["a", "b", "c"], 3) == 1.0
    expected = (2 + 3 / math.log2(3)) / (3 + 2 / math.log2(3))
    assert ndcg_at_k(relevance, ["b", "a"], 5) == pytest.approx(expected)
    assert ndcg_at_k(relevance, ["c", "a"], 1) == 0.0
    assert ndcg_at_k(relevance, ["unknown"], 2) == 0.0
    assert ndcg_at_k(relevance, [], 2) == 0.0


@pytest.mark.parametrize("relevance", [{}, {"a": 0.0, "b": 0.0}])
def test_ndcg_without_anything_relevant_is_one(relevance: dict[str, float]) -> None:
    assert ndcg_at_k(relevance, ["a"], 5) == 1.0


def test_ndcg_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="k must"):
        ndcg_at_k({}, [], 0)
    with pytest.raises(ValueError, match="twice"):
        ndcg_at_k({"a": 1.0}, ["a", "a"], 2)
    for value in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="relevance"):
            ndcg_at_k({"a": value}, ["a"], 2)


@given(relevance=RELEVANCES, k=st.integers(1, 10), data=st.data())
def test_ndcg_is_one_for_the_ideal_order_and_never_more(
    relevance: dict[str, float], k: int, data: st.DataObject
) -> None:
    ideal = sorted(relevance, key=lambda id: -relevance[id])
    assert ndcg_at_k(relevance, ideal, k) == 1.0
    assert 0.0 <= ndcg_at_k(relevance, data.draw(st.permutations(ideal)), k) <= 1.0


def test_spearman_by_hand() -> None:
    assert spearman([1, 2, 3], [10, 20, 30]) == pytest.approx(1.0)
    assert spearman([1, 2, 3], [3, 2, 1]) == pytest.approx(-1.0)
    assert spearman([106, 86, 100, 101, 99, 103, 97, 113, 112, 110], [7, 0, 27, 50, 28, 29, 20, 12, 6, 17]) == (
        pytest.approx(-29 / 165)
    )
    assert spearman([1, 2, 2, 4], [1, 3, 2, 4]) == pytest.approx(4.5 / math.sqrt(4.5 * 5))


@pytest.mark.parametrize(("a", "b"), [([], []), ([1], [2]), ([1, 1, 1], [1, 2, 3]), ([5, 5], [7, 7])])
def test_spearman_is_zero_where_undefined(a: list[float], b: list[float]) -> None:
    assert spearman(a, b) == 0.0


def test_spearman_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="shapes"):
        spearman([1, 2], [1])
    with pytest.raises(ValueError, match="NaN"):
        spearman([1, math.nan], [1, 2])


@given(pairs=st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), max_size=12))
def test_spearman_is_symmetric_bounded_and_blind_to_monotone_scales(pairs: list[tuple[int, int]]) -> None:
    a, b = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    value = spearman(a, b)
    assert -1.0 <= value <= 1.0
    assert spearman(b, a) == pytest.approx(value)
    assert spearman([math.exp(x) for x in a], b) == pytest.approx(value)
