"""What a cheap editor's search leaves to a good one."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from diffex_cli.core.hierarchy import Corpus, Node, directed
from diffex_cli.search.algorithm.algorithms import Algorithm, Trace, search
from diffex_cli.search.algorithm.contest import Entrant, Standing
from diffex_cli.search.algorithm.trace import Level
from diffex_cli.search.screening import could_not_be_edited, survivors
from diffex_cli.search.statistics.verdict import significance_of

IMAGES = 4


def node(name: str, *children: Node, placebo: bool = False) -> Node:
    return Node(name, name, name, placebo=placebo, children=children)


def ids(corpus: Corpus) -> list[str]:
    return [one.candidate.id for one in corpus.walk()]


def run(corpus: Corpus, effects: dict[str, float], algorithm: Algorithm = "beam", beam: int = 2) -> Trace:
    def evaluate(nodes: Sequence[Node]) -> list[NDArray[np.float64]]:
        return [np.full(IMAGES, effects.get(one.candidate.id, 0.0)) for one in nodes]

    return search(corpus, evaluate, algorithm=algorithm, beam=beam, delta=0.1)


TREE = Corpus(
    "test",
    (
        node("weak", node("weak/one")),
        node("strong", node("strong/weaker"), node("strong/stronger", node("strong/stronger/none"))),
        node("middling"),
        node("late"),
        node("hat", node("hat/top"), placebo=True),
    ),
)
EFFECTS = {"strong": 0.5, "strong/weaker": 0.3, "strong/stronger": 0.9, "middling": 0.4, "late": 0.3}


def test_what_was_in_the_beam_is_left_with_placebos() -> None:
    left = survivors(TREE, run(TREE, EFFECTS))
    assert ids(left) == ["strong", "strong/stronger", "middling", "hat"]
    assert left.domain == "test"


def test_a_group_that_was_only_followed_stays_above_what_it_led_to() -> None:
    def evaluate(nodes: Sequence[Node]) -> list[NDArray[np.float64]]:
        signs = {"strong": [1.0, -1, 1, -1], "strong/stronger": [1.0] * 4}
        return [np.array(signs.get(one.id, [0.0] * 4)) for one in nodes]

    trace = search(TREE, evaluate, beam=2, delta=0.1)
    assert [one.id for level in trace.levels for one in level.evaluations if one.status == "kept"] == [
        "strong/stronger"
    ]
    assert ids(survivors(TREE, trace)) == ["strong", "strong/stronger", "hat"]


def test_nothing_in_the_beam_leaves_nothing() -> None:
    bare = Corpus("test", (node("a", node("a/b")), node("c")))
    assert survivors(bare, run(bare, {})).roots == ()


def test_what_could_not_be_edited_is_left_with_all_below_it() -> None:
    effects = EFFECTS | {"weak": math.nan}
    assert ids(survivors(TREE, run(TREE, effects)))[:2] == ["weak", "weak/one"]


def test_what_a_budget_never_tried_counts_as_left_out() -> None:
    trace = run(TREE, {"weak": math.nan})
    evaluation = next(one for one in trace.levels[0].evaluations if one.id == "weak")
    untried = Standing(Entrant("weak", 0.1), evaluation.effect.deltas, 0, math.nan, 0.0, math.inf)
    tried = dataclasses.replace(untried, images=2)
    assert could_not_be_edited(dataclasses.replace(evaluation, standing=tried))
    assert not could_not_be_edited(dataclasses.replace(evaluation, standing=untried))


def test_adding_and_removing_are_told_apart() -> None:
    both = directed(Corpus("test", (node("a"), node("b"))), "both")
    assert ids(survivors(both, run(both, {"-a": 1.0, "b": 0.5}))) == ["b", "-a"]


@st.composite
def worlds(draw: st.DrawFn, placebos: bool = True) -> tuple[Corpus, dict[str, float]]:
    def grow(id: str, depth: int) -> Node:
        count = draw(st.integers(0, 3 if depth < 2 else 0))
        children = tuple(grow(f"{id}/n{i}", depth + 1) for i in range(count))
        return node(id, *children, placebo=placebos and draw(st.booleans()))

    corpus = Corpus("test", tuple(grow(f"r{i}", 0) for i in range(draw(st.integers(1, 5)))))
    values = st.one_of(st.just(math.nan), st.floats(-1, 1))
    return corpus, {one.id: draw(values) for one in corpus.walk()}


@given(worlds(), st.sampled_from(["beam", "paper"]), st.integers(1, 3), st.randoms(use_true_random=False))
def test_it_is_a_part_of_the_hierarchy_whatever_the_order(
    world: tuple[Corpus, dict[str, float]], algorithm: Algorithm, beam: int, random: np.random.RandomState
) -> None:
    corpus, effects = world
    trace = run(corpus, effects, algorithm, beam)
    left = survivors(corpus, trace)
    parents = {child.id: one.id for one in corpus.walk() for child in one.children}
    found = {one.id for one in left.walk()}
    assert [id for id in ids(corpus) if id in found] == ids(left)
    assert all(parents[id] in found for id in found if id in parents)
    assert {child.id: one.id for one in left.walk() for child in one.children}.items() <= parents.items()
    looked_at = [one for level in trace.levels for one in level.evaluations]
    assert found >= {one.id for one in looked_at if one.status == "kept" or one.expanded or one.node.placebo}
    measured = {one.id for one in looked_at if one.effect.n}
    gone = {one.id for one in looked_at if one.id in measured and not one.node.placebo and not one.expanded}
    lost = {one.id for one in looked_at if one.id in gone and one.status == "dropped"}
    assert not lost & found
    shuffled = [list(level.evaluations) for level in trace.levels]
    for level in shuffled:
        random.shuffle(level)
    other = dataclasses.replace(trace, levels=tuple(Level(i, tuple(one)) for i, one in enumerate(shuffled)))
    assert survivors(corpus, other) == left


@given(worlds(placebos=False), st.sampled_from(["beam", "paper"]), st.integers(1, 3))
def test_an_editor_that_screens_for_itself_loses_nothing(
    world: tuple[Corpus, dict[str, float]], algorithm: Algorithm, beam: int
) -> None:
    corpus, effects = world
    first = run(corpus, effects, algorithm, beam)
    again = run(survivors(corpus, first), effects, algorithm, beam)

    def kept(trace: Trace) -> set[str]:
        return {one.id for one in trace.ranking if one.status == "kept"}

    assert kept(again) == kept(first)


def test_p_values_count_what_a_screening_left_out() -> None:
    random = np.random.default_rng(0)
    deltas = {id: effect + random.normal(0, 0.5, 24) for id, effect in {"a": 0.4, "b": 0.0}.items()}
    alone = significance_of(deltas, placebos=(), kept={"a"}, early=(), delta=0.1)
    screened = {"a", "b", *(f"gone{i}" for i in range(8))}
    found = significance_of(deltas, placebos=(), kept={"a"}, early=(), screened=screened, delta=0.1)
    assert found.corrected_for == 10
    assert found.p_values["a"].raw == alone.p_values["a"].raw
    assert found.p_values["a"].corrected == pytest.approx(min(1.0, 10 * alone.p_values["a"].raw))
    assert set(found.p_values) == {"a", "b"}
    assert found.detectable > alone.detectable
    assert found.floor.value > alone.floor.value
    nothing_lost = significance_of(deltas, placebos=(), kept={"a"}, early=(), screened={"a", "b"}, delta=0.1)
    assert nothing_lost.p_values == alone.p_values


def test_nothing_left_is_an_answer() -> None:
    verdict = significance_of({}, placebos=(), kept=(), early=(), screened={"a", "b"}, delta=0.1)
    assert verdict.corrected_for == 2
    assert verdict.p_values == {}
    assert verdict.floor.source == "none"
    assert math.isnan(verdict.detectable)
