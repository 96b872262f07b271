"""What a search finds grows with what."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from searches import BEAMS, THRESHOLDS, UNBOUNDED, Problem, evaluated, evaluator, full, kept, problems, shuffled, tree

from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.search.algorithm.algorithms import Algorithm, search


@settings(deadline=None, max_examples=50)
@given(problem=problems(), beam=BEAMS, more=BEAMS, delta=THRESHOLDS, less=THRESHOLDS)
def test_what_the_paper_keeps_grows_with_the_beam_and_a_lower_threshold(
    problem: Problem, beam: int, more: int, delta: float, less: float
) -> None:
    corpus, deltas = problem
    strict = search(corpus, evaluator(deltas), algorithm="paper", beam=min(beam, more), delta=max(delta, less))
    loose = search(corpus, evaluator(deltas), algorithm="paper", beam=max(beam, more), delta=min(delta, less))
    assert set(kept(strict)) <= set(kept(loose))


@settings(deadline=None, max_examples=50)
@given(problem=problems(), beam=BEAMS, more=BEAMS, delta=THRESHOLDS, less=THRESHOLDS)
def test_of_the_roots_the_beam_keeps_more_with_more_places_and_a_lower_threshold(
    problem: Problem, beam: int, more: int, delta: float, less: float
) -> None:
    corpus, deltas = problem
    strict = search(corpus, evaluator(deltas), beam=min(beam, more), delta=max(delta, less), max_depth=0)
    loose = search(corpus, evaluator(deltas), beam=max(beam, more), delta=min(delta, less), max_depth=0)
    assert set(kept(strict)) <= set(kept(loose))


@settings(deadline=None, max_examples=50)
@given(problem=problems(), delta=THRESHOLDS, less=THRESHOLDS, alpha=st.sampled_from([0.01, 0.2, 0.5]))
def test_with_places_for_all_the_beam_grows_with_a_lower_threshold_and_a_laxer_test(
    problem: Problem, delta: float, less: float, alpha: float
) -> None:
    corpus, deltas = problem
    high, low = max(delta, less), min(delta, less)
    traces = [
        search(corpus, evaluator(deltas), beam=UNBOUNDED, delta=each, alpha=error)
        for each, error in ((high, alpha), (low, alpha), (low, 0.9))
    ]
    for strict, loose in itertools.pairwise(traces):
        assert evaluated(strict) <= evaluated(loose)
        assert set(kept(strict)) <= set(kept(loose))


def test_below_the_second_level_a_wider_beam_may_lose_what_a_narrow_one_found() -> None:
    corpus = tree("a/x/deep", "b/v", "b/w")
    deltas = {"a": [3.0], "b": [2.0], "a/x": [4.0], "b/v": [8.0], "b/w": [8.5], "a/x/deep": [9.0]}
    assert "a/x/deep" in kept(search(corpus, evaluator(deltas), beam=1))
    assert "a/x/deep" not in evaluated(search(corpus, evaluator(deltas), beam=2))


@settings(deadline=None, max_examples=50)
@given(problem=problems(), beam=BEAMS, more=BEAMS, delta=THRESHOLDS, less=THRESHOLDS)
def test_exhaustive_knows_no_beam_and_keeps_more_with_a_lower_threshold(
    problem: Problem, beam: int, more: int, delta: float, less: float
) -> None:
    corpus, deltas = problem
    strict = search(corpus, evaluator(deltas), algorithm="exhaustive", beam=beam, delta=max(delta, less))
    loose = search(corpus, evaluator(deltas), algorithm="exhaustive", beam=more, delta=min(delta, less))
    assert set(kept(strict)) <= set(kept(loose))
    assert evaluated(strict) == evaluated(loose)


@settings(deadline=None, max_examples=50)
@given(
    problem=problems(), algorithm=st.sampled_from(("beam", "paper", "exhaustive")), beam=BEAMS, depth=st.integers(0, 4)
)
def test_a_shallower_search_is_the_beginning_of_a_deeper_one(
    problem: Problem, algorithm: Algorithm, beam: int, depth: int
) -> None:
    corpus, deltas = problem
    whole = search(corpus, evaluator(deltas), algorithm=algorithm, beam=beam)
    shallow = search(corpus, evaluator(deltas), algorithm=algorithm, beam=beam, max_depth=depth)
    assert len(shallow.levels) == min(len(whole.levels), depth + 1)
    for one, other in zip(shallow.levels, whole.levels, strict=False):
        assert [(each.id, each.status) for each in one.evaluations] == [
            (each.id, each.status) for each in other.evaluations
        ]


def prober(deltas: Mapping[str, Sequence[float]], images: int) -> Callable[[Sequence[Node]], list[NDArray[np.float64]]]:
    return lambda nodes: [np.array(deltas[node.id][:images], dtype=np.float64) for node in nodes]


@settings(deadline=None, max_examples=50)
@given(problem=problems(), beam=BEAMS, more=BEAMS, delta=THRESHOLDS, data=st.data())
def test_with_a_probe_a_wider_beam_looks_at_more_and_the_order_of_siblings_does_not_matter(
    problem: Problem, beam: int, more: int, delta: float, data: st.DataObject
) -> None:
    corpus, deltas = problem
    probe = prober(deltas, 2)
    narrow, wide = sorted((beam, more))
    plain, small, large = (
        search(corpus, evaluator(deltas), beam=places, delta=delta, probe=with_probe, max_depth=1)
        for places, with_probe in ((narrow, None), (narrow, probe), (wide, probe))
    )
    assert evaluated(plain) <= evaluated(small) <= evaluated(large)
    other = Corpus("test", shuffled(corpus.roots, data.draw))
    first, second = (search(each, evaluator(deltas), beam=beam, delta=delta, probe=probe) for each in (corpus, other))
    assert full(first) == full(second)
