"""Sets of attributes: which are tried, and which are kept."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from diffex_cli.core.hierarchy import Candidate, Node
from diffex_cli.search.algorithm.joint import EvaluateSets, joint_search, partners
from diffex_cli.search.algorithm.rules import Rules
from diffex_cli.search.algorithm.trace import Evaluation, Status
from diffex_cli.search.statistics.influence import Effect

Table = Mapping[str, Sequence[float]]


def kept(id: str, deltas: Sequence[float], status: Status = "kept", placebo: bool = False) -> Evaluation:
    node = Node(id, id, id, placebo=placebo)
    return Evaluation(node, id.count("/"), None, Effect(id, deltas), status, False, "")


def additive(singles: Sequence[Evaluation], extra: Table, asked: list[str] | None = None) -> EvaluateSets:
    """Deltas add up, but for the sets that have more."""
    alone = {one.id: one.effect.deltas for one in singles}

    def evaluate(candidates: Sequence[Candidate]) -> list[NDArray[np.float64]]:
        if asked is not None:
            asked.extend(candidate.id for candidate in candidates)
        return [
            np.sum([alone[term.id] for term in one.terms], axis=0) + np.array(extra.get(one.id, [0.0]))
            for one in candidates
        ]

    return evaluate


def test_each_feature_sends_its_strongest_for_and_against() -> None:
    tried = [
        kept("a", [9.0]),
        kept("a/x", [2.0]),
        kept("a/y", [1.5]),
        kept("a/z", [-1.0]),
        kept("b/x", [1.2], status="dropped"),
        kept("c", [8.0], placebo=True),
        kept("d", [0.5]),
        kept("e", [0.05]),
        kept("f", [math.nan]),
    ]
    assert [one.id for one in partners(tried, Rules(beam=5, delta=0.1))] == ["a/x", "b/x", "a/z", "d"]
    assert [one.id for one in partners(tried, Rules(beam=2, delta=0.1))] == ["a/x", "b/x", "a/z"]


def test_what_moves_images_both_ways_is_combined_too() -> None:
    tried = [kept("a/x", [1.0, 1.0]), kept("b/x", [3.0, -3.0])]
    assert [one.id for one in partners(tried, Rules(beam=3, delta=0.1))] == ["b/x", "a/x"]


def test_two_features_are_among_them_however_narrow_the_beam() -> None:
    tried = [kept("a/x", [3.0]), kept("a/y", [-2.0]), kept("b/x", [1.0]), kept("c/x", [0.5])]
    assert [one.id for one in partners(tried, Rules(beam=1, delta=0.1))] == ["a/x", "a/y", "b/x"]


def test_two_of_one_feature_are_in_no_set() -> None:
    singles = [kept(id, [float(value)]) for id, value in {"a/x": 3, "a/y": -2, "b/x": 1, "c": 1, "d": 1}.items()]
    asked: list[str] = []
    joint_search(singles, additive(singles, {}, asked), 3, Rules(beam=5, delta=0.1))
    assert asked
    assert not any("a/x" in ids and "a/y" in ids for ids in asked)


def test_a_pair_that_only_together_matters_is_found_with_its_interaction() -> None:
    singles = [kept("a", [1.0, 1.2, 0.8]), kept("b", [0.5, 0.5, 0.5]), kept("c", [-0.9, -1.0, -1.1])]
    found = joint_search(singles, additive(singles, {"b + c": [-3.0]}), 2, Rules(beam=5, delta=0.1))
    assert [(one.id, one.status) for one in found] == [("b + c", "kept"), ("a + b", "kept"), ("a + c", "dropped")]
    assert found[0].effect.effect == pytest.approx(-3.5)
    assert found[0].interaction.sum.mean == pytest.approx(-0.5)
    assert found[0].interaction.interaction.mean == pytest.approx(-3.0)
    assert found[1].interaction.interaction.mean == pytest.approx(0.0)
    assert [part.id for part in found[0].parts] == ["c", "b"]
    assert found[2].reason.endswith("is below δ = 0.1")


def test_a_set_that_does_not_exceed_its_part_is_dropped() -> None:
    singles = [kept("a", [2.0, 2.0]), kept("b", [1.0, 1.0])]
    (pair,) = joint_search(singles, additive(singles, {"a + b": [-1.5]}), 2, Rules(beam=5, delta=0.1))
    assert (pair.status, pair.reason) == ("dropped", "influence 1.5 does not exceed the 2 of 'a'")


def test_with_a_test_chance_is_not_enough() -> None:
    singles = [kept("a", [2.0, 2.0, 2.0]), kept("b", [1.0, -1.0, 0.3])]
    evaluate = additive(singles, {})
    (loose,) = joint_search(singles, evaluate, 2, Rules(beam=5, delta=0.1))
    (tested,) = joint_search(singles, evaluate, 2, Rules(beam=5, delta=0.1, alpha=0.05))
    assert (loose.status, tested.status) == ("kept", "dropped")
    assert "but not beyond chance (p = " in tested.reason


def test_larger_sets_extend_the_strongest_smaller_ones() -> None:
    singles = [kept(id, [float(value)]) for id, value in {"a": 4, "b": 3, "c": 2, "d": 1}.items()]
    asked: list[str] = []
    found = joint_search(singles, additive(singles, {}, asked), 4, Rules(beam=1, delta=0.1))
    assert asked[:3] == ["a + b", "a + c", "a + d"]
    assert asked[6:] == ["a + b + c", "a + b + d", "a + b + c + d"]
    assert found[0].id == "a + b + c + d"
    assert joint_search(singles, additive(singles, {}), 0, Rules(beam=1, delta=0.1)) == ()


def test_when_the_budget_ends_the_most_promising_were_tried() -> None:
    singles = [kept(id, [float(value)]) for id, value in {"a": 3, "b": 2, "c": 1}.items()]
    whole = additive(singles, {})
    found = joint_search(singles, lambda sets: whole(sets[:1]), 3, Rules(beam=5, delta=0.1))
    assert [one.id for one in found] == ["a + b"]


@settings(deadline=None, max_examples=40)
@given(
    table=st.lists(st.lists(st.integers(-3, 3).map(float), min_size=3, max_size=3), min_size=2, max_size=5),
    data=st.data(),
)
def test_the_order_of_attributes_and_images_does_not_matter(table: list[list[float]], data: st.DataObject) -> None:
    singles = [kept(f"c{i}", values) for i, values in enumerate(table)]
    images = data.draw(st.permutations(range(3)))
    others = [kept(f"c{i}", [values[k] for k in images]) for i, values in enumerate(table)]
    others = data.draw(st.permutations(others))
    first = joint_search(singles, additive(singles, {}), 3, Rules(beam=2, delta=0.1, alpha=0.05))
    second = joint_search(others, additive(others, {}), 3, Rules(beam=2, delta=0.1, alpha=0.05))
    assert [(one.id, one.status, one.reason) for one in first] == [(one.id, one.status, one.reason) for one in second]
