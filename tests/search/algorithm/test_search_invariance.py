"""What changes nothing about a search, and what is said of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from contests import Panel
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from searches import (
    BEAMS,
    RACED,
    THRESHOLDS,
    Images,
    Problem,
    full,
    images_of,
    panels,
    problems,
    run,
    search,
    shuffled,
)  # fmt: skip

from diffex_cli.core.hierarchy import Candidate, Corpus, Node
from diffex_cli.search.algorithm.algorithms import Algorithm, Rules
from diffex_cli.search.algorithm.joint import JointEvaluation, joint_search, partners
from diffex_cli.search.algorithm.panel import panel_order
from diffex_cli.search.algorithm.trace import Evaluation
from diffex_cli.search.statistics.influence import Effect
from diffex_cli.search.statistics.interaction import interaction
from diffex_cli.search.statistics.verdict import Significance, Tried, significance_of


@settings(deadline=None, max_examples=50)
@given(
    problem=problems(), algorithm=st.sampled_from(("beam", "paper", "exhaustive")), beam=BEAMS, delta=THRESHOLDS,
    factor=st.sampled_from([-1.0, -4.0, 0.25]), tested=st.booleans(),
)  # fmt: skip
def test_neither_the_sign_nor_the_unit_of_the_logit_matters(
    problem: Problem, algorithm: Algorithm, beam: int, delta: float, factor: float, tested: bool
) -> None:
    corpus, deltas = problem
    other = {id: [factor * value for value in column] for id, column in deltas.items()}
    alpha = 0.3 if tested else None
    first = search(corpus, Images(deltas), algorithm=algorithm, beam=beam, delta=delta, alpha=alpha)
    second = search(corpus, Images(other), algorithm=algorithm, beam=beam, delta=delta * abs(factor), alpha=alpha)
    assert [(one.id, one.status, one.expanded) for level in first.levels for one in level.evaluations] == [
        (one.id, one.status, one.expanded) for level in second.levels for one in level.evaluations
    ]


@settings(deadline=None, max_examples=60)
@given(
    problem=panels(),
    algorithm=RACED,
    beam=BEAMS,
    delta=THRESHOLDS,
    budget=st.none() | st.integers(0, 200),
    data=st.data(),
)
def test_a_contest_knows_neither_the_order_of_siblings_nor_of_images(
    problem: Problem, algorithm: Algorithm, beam: int, delta: float, budget: int | None, data: st.DataObject
) -> None:
    corpus, deltas = problem
    n = images_of(deltas)
    keys, strata = [f"image {i}" for i in range(n)], [i % 3 for i in range(n)]
    moved = data.draw(st.permutations(range(n)))
    first = run(problem, Panel(deltas, order=panel_order(keys, strata)), algorithm, beam, delta, budget)
    other = (
        Corpus("test", shuffled(corpus.roots, data.draw)),
        {id: [column[i] for i in moved] for id, column in deltas.items()},
    )
    order = panel_order([keys[i] for i in moved], [strata[i] for i in moved])
    second = run(other, Panel(other[1], order=order), algorithm, beam, delta, budget)
    assert full(first) == full(second)
    for one, same in zip(first.ranking, second.ranking, strict=True):
        np.testing.assert_array_equal(one.effect.deltas[list(moved)], same.effect.deltas)


WORLDS = st.integers(1, 20).flatmap(
    lambda n: st.dictionaries(
        st.sampled_from("abcdefgh"),
        st.lists(st.one_of(st.just(math.nan), st.integers(-3, 3).map(float), st.floats(-2, 2)), min_size=n, max_size=n),
        min_size=1,
        max_size=6,
    )
)


def said(verdict: Significance) -> str:
    return repr(
        (verdict.floor, verdict.detectable, verdict.corrected_for, sorted(verdict.p_values.items()),
         sorted(verdict.coverage.items()))
    )  # fmt: skip


@settings(deadline=None, max_examples=50)
@given(world=WORLDS, delta=THRESHOLDS, raced=st.booleans(), hat=st.booleans(), data=st.data())
def test_a_verdict_knows_neither_the_order_of_candidates_nor_of_images(
    world: dict[str, list[float]], delta: float, raced: bool, hat: bool, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(images_of(world))))
    early = {max(world)} if raced else set()
    placebos, kept = {min(world)} if hat else set(), set(world) - early
    deltas = {id: np.array(column) for id, column in world.items()}
    moved = {id: deltas[id][list(order)] for id in data.draw(st.permutations(list(world)))}
    first, second = (significance_of(Tried(each, placebos, kept, early), delta=delta) for each in (deltas, moved))
    assert said(first) == said(second)


@settings(deadline=None, max_examples=50)
@given(
    world=st.dictionaries(
        st.sampled_from("abcd"), st.lists(st.integers(-9, 9).map(float), min_size=6, max_size=6), min_size=1
    ),
    rival=st.lists(st.integers(-9, 9).map(float), min_size=6, max_size=6),
    raced=st.booleans(),
)
def test_whoever_looks_at_more_is_never_surer(world: dict[str, list[float]], rival: list[float], raced: bool) -> None:
    deltas = {id: np.array(column) for id, column in world.items()}
    first = significance_of(Tried(deltas, kept=deltas), delta=0.1)
    more = deltas | {"rival": np.array(rival)}
    second = significance_of(Tried(more, kept=deltas, early={"rival"} if raced else ()), delta=0.1)
    for id, p in first.p_values.items():
        assert second.p_values[id].raw == p.raw
        assert second.p_values[id].corrected >= p.corrected - 1e-12


# --- sets -----------------------------------------------------------------------------------------

TABLES = st.lists(st.lists(st.integers(-3, 3).map(float), min_size=3, max_size=3), min_size=2, max_size=5)


def together(singles: Sequence[Evaluation], candidates: Sequence[Candidate]) -> list[NDArray[np.float64]]:
    """Deltas add up, with something more that depends on the set alone."""
    alone = {one.id: one.effect.deltas for one in singles}
    return [
        np.sum([alone[term.id] for term in one.terms], axis=0) + sum(map(ord, one.id)) % 7 - 3.0 for one in candidates
    ]


def sets(table: Sequence[Sequence[float]], size: int, beam: int, delta: float) -> dict[str, JointEvaluation]:
    singles = [
        Evaluation(Node(f"c{i}", f"c{i}", "c"), 0, None, Effect(f"c{i}", values), "kept", False, "")
        for i, values in enumerate(table)
    ]
    everybody = partners(singles, Rules(beam=len(singles), delta=0.0))
    tried = joint_search(everybody, lambda ones: together(singles, ones), size, Rules(beam=beam, delta=delta))
    return {one.id: one for one in tried}


@settings(deadline=None, max_examples=50)
@given(table=TABLES, beam=BEAMS, more=BEAMS, delta=THRESHOLDS, less=THRESHOLDS)
def test_more_and_larger_sets_are_tried_with_a_wider_beam_and_kept_with_a_lower_threshold(
    table: list[list[float]], beam: int, more: int, delta: float, less: float
) -> None:
    pairs = sets(table, 2, beam, delta)
    strict, loose = (
        sets(table, 3, b, d) for b, d in ((min(beam, more), max(delta, less)), (max(beam, more), min(delta, less)))
    )
    assert pairs.keys() <= strict.keys() <= loose.keys()
    assert all(loose[id].status == "kept" for id, one in strict.items() if one.status == "kept")
    assert {id for id, one in sets(table, 3, beam, delta).items() if len(one.parts) == 2} == pairs.keys()


@given(
    joint=st.lists(st.floats(-3, 3), min_size=4, max_size=4),
    singles=st.lists(st.lists(st.floats(-3, 3), min_size=4, max_size=4), min_size=2, max_size=3),
    data=st.data(),
)
def test_an_interaction_knows_no_order(joint: list[float], singles: list[list[float]], data: st.DataObject) -> None:
    images = data.draw(st.permutations(range(4)))
    first = interaction(joint, singles)
    second = interaction(
        [joint[i] for i in images], [[one[i] for i in images] for one in data.draw(st.permutations(singles))]
    )
    assert (first.sum, first.interaction) == (second.sum, second.interaction)
    assert sorted(one.mean for one in first.singles) == sorted(one.mean for one in second.singles)
