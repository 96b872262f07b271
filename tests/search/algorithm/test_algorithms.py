"""The three searches: cases worked out by hand, and what must hold for every hierarchy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from searches import (
    BEAMS,
    NAMES,
    THRESHOLDS,
    Images,
    evaluated,
    kept,
    problems,
    reasons,
    search,
    shuffled,
    summary,
    tree,
)

from diffex_cli.core.hierarchy import Corpus, Node, directed
from diffex_cli.search.algorithm.algorithms import Algorithm, Level
from diffex_cli.search.algorithm.contest import Request


def test_paper_follows_algorithm_1() -> None:
    corpus = tree("a/x/deep", "a/y", "b/z", "c/w")
    deltas = {"a": [2.0], "b": [-1.0], "c": [0.5], "a/x": [3.0], "a/y": [1.5], "a/x/deep": [2.9], "b/z": [-1.1]}
    trace = search(corpus, Images(deltas), algorithm="paper", beam=2, delta=0.1)
    assert [one.node.id for one in trace.ranking] == ["a/x", "a/x/deep", "a", "a/y", "b/z", "b", "c"]
    assert kept(trace) == ["a/x", "a", "b/z", "b"]
    assert trace.best is not None
    assert trace.best.node.id == "a/x"
    assert reasons(trace)["c"] == "beyond the beam of 2"
    assert reasons(trace)["a/y"] == "influence 1.5 does not exceed its parent's 2"
    assert [level.depth for level in trace.levels] == [0, 1, 2]


def test_paper_does_not_truncate_below_the_root_and_beam_does() -> None:
    corpus = tree("a/x", "a/y", "a/z")
    deltas = {"a": [1.0], "a/x": [2.0], "a/y": [-3.0], "a/z": [4.0]}
    assert kept(search(corpus, Images(deltas), algorithm="paper", beam=1)) == ["a/z", "a/y", "a/x", "a"]
    trace = search(corpus, Images(deltas), algorithm="beam", beam=1)
    assert kept(trace) == ["a/z", "a"]
    assert reasons(trace)["a/x"] == "beyond the beam of 1"


def test_beam_follows_a_group_whose_effects_cancel() -> None:
    corpus = tree("color/red", "color/blue")
    deltas = {"color": [-1.0, 1.0], "color/red": [1.0, 0.8], "color/blue": [-1.0, -0.9]}
    assert evaluated(search(corpus, Images(deltas), algorithm="paper")) == {"color"}
    trace = search(corpus, Images(deltas), algorithm="beam")
    assert kept(trace) == ["color/blue", "color/red"]
    assert reasons(trace)["color"] == "influence 0 is below δ = 0.1; followed for its reach of 1"


def test_beam_follows_a_group_weaker_than_its_parent_but_keeps_no_such_leaf() -> None:
    corpus = tree("a/group/leaf", "a/plain")
    deltas = {"a": [1.0, 1.0], "a/group": [0.5, 0.5], "a/plain": [0.9, 0.9], "a/group/leaf": [3.0, 3.0]}
    trace = search(corpus, Images(deltas), algorithm="beam")
    assert kept(trace) == ["a/group/leaf", "a"]
    assert "followed" in reasons(trace)["a/group"]
    assert reasons(trace)["a/plain"] == "influence 0.9 does not exceed its parent's 1"


def test_a_leaf_whose_effects_cancel_is_not_kept() -> None:
    trace = search(tree("leaf"), Images({"leaf": [-1.0, 1.0]}))
    assert kept(trace) == []
    assert trace.best is None


def test_exhaustive_evaluates_all_and_keeps_by_delta() -> None:
    corpus = tree("a/x/deep", "b")
    deltas = {"a": [0.0], "a/x": [0.05], "a/x/deep": [0.1], "b": [math.nan]}
    trace = search(corpus, Images(deltas), algorithm="exhaustive", delta=0.1)
    assert evaluated(trace) == {"a", "a/x", "a/x/deep", "b"}
    assert kept(trace) == ["a/x/deep"]
    assert reasons(trace)["a"] == "influence 0 is below δ = 0.1"


@pytest.mark.parametrize(("algorithm", "looked_at"), [("beam", "ba"), ("paper", "ba"), ("exhaustive", "bca")])
def test_a_node_that_no_image_could_be_edited_for_is_dropped_and_ranks_last(
    algorithm: Algorithm, looked_at: str
) -> None:
    c = Node("c", "c", "c")
    corpus = Corpus("test", (Node("a", "a", "a", children=(c,)), Node("b", "b", "b")))
    deltas = {"a": [math.nan, math.nan], "b": [0.1, 0.1], "c": [0.0, 0.0]}
    trace = search(corpus, Images(deltas), algorithm=algorithm, delta=0.1)
    assert [one.node.id for one in trace.ranking] == list(looked_at)
    assert reasons(trace)["a"] == "no image could be edited"
    assert kept(trace) == ["b"]


def test_max_depth_ends_the_search() -> None:
    corpus = tree("a/x/deep")
    deltas = {"a": [1.0], "a/x": [2.0], "a/x/deep": [3.0]}
    for depth, expected in ((0, {"a"}), (1, {"a", "a/x"}), (None, {"a", "a/x", "a/x/deep"})):
        trace = search(corpus, Images(deltas), max_depth=depth)
        assert evaluated(trace) == expected
        assert not any(one.expanded for one in trace.levels[-1].evaluations)


def test_on_level_sees_every_level_as_it_is_decided() -> None:
    levels: list[Level] = []
    trace = search(tree("a/x"), Images({"a": [1.0], "a/x": [2.0]}), on_level=levels.append)
    assert tuple(levels) == trace.levels


class Answering(Images):
    """What it answers depends on nothing."""

    def __init__(self, answer: Mapping[str, NDArray[np.float64]] | BaseException) -> None:
        super().__init__({"a": [0.0]})
        self.answer = answer

    def measure(self, requests: Sequence[Request]) -> Mapping[str, NDArray[np.float64]]:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def test_what_the_panel_raises_ends_the_search() -> None:
    with pytest.raises(KeyboardInterrupt):
        search(tree("a"), Answering(KeyboardInterrupt()))


def test_a_removed_attribute_is_ranked_under_its_candidate_id() -> None:
    corpus = Corpus("test", (Node("crest", "no crest", "crest", remove=True),))
    assert search(corpus, Images({"-crest": [1.0]})).ranking[0].effect.candidate_id == "-crest"


def test_the_best_is_no_placebo() -> None:
    corpus = Corpus("test", (Node("hat", "hat", "hat", placebo=True), Node("crest", "crest", "crest")))
    trace = search(corpus, Images({"hat": [2.0], "crest": [1.0]}))
    assert kept(trace) == ["hat", "crest"]
    assert trace.best is not None
    assert trace.best.id == "crest"


def test_an_empty_corpus_has_an_empty_trace() -> None:
    assert search(Corpus("test", ()), Images({})).levels == ()


@pytest.mark.parametrize(
    "wrong",
    [{"beam": 0}, {"alpha": 1.0}, {"delta": -1.0}, {"delta": math.nan}, {"max_depth": -1}, {"algorithm": "greedy"}],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must hold|no search algorithm"):
        search(tree("a"), Images({"a": [1.0]}), **wrong)


@pytest.mark.parametrize("answer", [{"a": np.zeros(1)}, {"a": np.zeros(1), "b": np.zeros(2)}])
def test_the_panel_must_answer_for_every_node_and_image(answer: Mapping[str, NDArray[np.float64]]) -> None:
    with pytest.raises(ValueError, match="asked for 1 deltas of 'b'"):
        search(tree("a", "b"), Answering(answer))


# --- what holds for every hierarchy -------------------------------------------------------------


@settings(deadline=None)
@given(problem=problems(), algorithm=NAMES, beam=BEAMS, delta=THRESHOLDS, data=st.data())
def test_the_order_of_siblings_and_images_does_not_matter(
    problem: tuple[Corpus, dict[str, list[float]]], algorithm: Algorithm, beam: int, delta: float, data: st.DataObject
) -> None:
    corpus, deltas = problem
    other = Corpus("test", shuffled(corpus.roots, data.draw))
    order = data.draw(st.permutations(range(len(next(iter(deltas.values()))))))
    reordered = {id: [column[i] for i in order] for id, column in deltas.items()}
    first = search(corpus, Images(deltas), algorithm=algorithm, beam=beam, delta=delta)
    second = search(other, Images(reordered), algorithm=algorithm, beam=beam, delta=delta)
    assert summary(first) == summary(second)


@settings(deadline=None)
@given(problem=problems(), algorithm=NAMES, beam=BEAMS, delta=THRESHOLDS)
def test_invariants(
    problem: tuple[Corpus, dict[str, list[float]]], algorithm: Algorithm, beam: int, delta: float
) -> None:
    corpus, deltas = problem
    seen: list[str] = []
    trace = search(corpus, Images(deltas, seen), algorithm=algorithm, beam=beam, delta=delta)
    assert len(seen) == len(set(seen))
    assert set(seen) == evaluated(trace)
    influences = [one.effect.influence for one in trace.ranking if one.effect.n]
    assert influences == sorted(influences, reverse=True)
    by_id = {one.node.id: one for one in trace.ranking}
    for one in trace.ranking:
        assert one.parent is None or by_id[one.parent].expanded
        if one.status == "kept":
            assert one.effect.influence >= delta
            if algorithm != "exhaustive" and one.parent is not None:
                assert one.effect.influence > by_id[one.parent].effect.influence
    for level in trace.levels:
        members = [one for one in level.evaluations if one.status == "kept" or one.expanded]
        if algorithm == "beam" or (algorithm == "paper" and level.depth == 0):
            assert len(members) <= beam
    if algorithm == "exhaustive":
        assert set(seen) == {node.id for node in corpus.walk()}


@settings(deadline=None)
@given(problem=problems(), beam=BEAMS, more=BEAMS, delta=THRESHOLDS, less=THRESHOLDS)
def test_a_wider_beam_or_a_lower_threshold_never_looks_at_less(
    problem: tuple[Corpus, dict[str, list[float]]], beam: int, more: int, delta: float, less: float
) -> None:
    corpus, deltas = problem
    narrow, wide = {"beam": min(beam, more), "delta": max(delta, less)}, {"beam": max(beam, more)}
    wide_delta = min(delta, less)
    cases: tuple[tuple[Algorithm, int | None], ...] = (("paper", None), ("beam", 1))
    for algorithm, max_depth in cases:
        small = search(corpus, Images(deltas), algorithm=algorithm, max_depth=max_depth, **narrow)
        large = search(
            corpus, Images(deltas), algorithm=algorithm, max_depth=max_depth, delta=wide_delta, beam=wide["beam"]
        )
        assert evaluated(small) <= evaluated(large)


@settings(deadline=None)
@given(problem=problems(), delta=THRESHOLDS)
def test_an_unbounded_beam_looks_at_all_that_the_paper_does(
    problem: tuple[Corpus, dict[str, list[float]]], delta: float
) -> None:
    corpus, deltas = problem
    beam = search(corpus, Images(deltas), algorithm="beam", beam=1000, delta=delta)
    paper = search(corpus, Images(deltas), algorithm="paper", beam=1000, delta=delta)
    assert evaluated(paper) <= evaluated(beam)
    assert set(kept(paper)) == set(kept(beam)) & evaluated(paper)


# --- a test of the child, and races ---------------------------------------------------------------


def test_with_a_test_a_child_has_to_exceed_its_parent_beyond_chance() -> None:
    corpus = tree("a/clear", "a/chance")
    deltas = {"a": [1.0, 1.1, 0.9, 1.0], "a/clear": [2.0, 2.2, 1.9, 2.1], "a/chance": [3.0, 0.5, 0.4, 0.6]}
    assert kept(search(corpus, Images(deltas))) == ["a/clear", "a/chance", "a"]
    tested = search(corpus, Images(deltas), alpha=0.05)
    assert kept(tested) == ["a/clear", "a"]
    assert reasons(tested)["a/chance"].startswith("influence 1.12 exceeds its parent's 1, but not beyond chance (p = ")
    literal = search(corpus, Images(deltas), algorithm="paper", alpha=0.05)
    assert kept(literal) == ["a/clear", "a/chance", "a"]


def test_with_a_test_a_child_of_the_opposite_direction_is_kept_though_it_is_weaker() -> None:
    corpus = tree("a/up", "a/noisy", "a/down")
    deltas = {
        "a": [-1.0, -1.1, -0.9, -1.0],
        "a/up": [0.5, 0.6, 0.4, 0.5],
        "a/noisy": [2.5, -1.6, 2.0, -1.0],
        "a/down": [-0.5, -0.6, -0.4, -0.5],
    }
    assert kept(search(corpus, Images(deltas), beam=5)) == ["a"]
    tested = search(corpus, Images(deltas), beam=5, alpha=0.05)
    assert kept(tested) == ["a", "a/up"]
    assert reasons(tested)["a/down"] == "influence 0.5 does not exceed its parent's 1"
    assert reasons(tested)["a/noisy"].startswith("effect +0.475 is opposite to its parent's -1, but not beyond chance")


def test_with_a_single_image_there_is_no_test_and_the_figure_decides() -> None:
    assert kept(search(tree("a/x"), Images({"a": [1.0], "a/x": [2.0]}), alpha=0.05)) == ["a/x", "a"]


def test_a_node_and_its_twin_are_two_candidates() -> None:
    corpus = directed(tree("a/x"), "both")
    deltas = {"a": [1.0], "-a": [-2.0], "a/x": [1.5], "-a/x": [-3.0]}
    trace = search(corpus, Images(deltas))
    assert [one.id for one in trace.ranking] == ["-a/x", "-a", "a/x", "a"]
    assert {one.id: one.parent for one in trace.ranking} == {"-a/x": "-a", "-a": None, "a/x": "a", "a": None}
