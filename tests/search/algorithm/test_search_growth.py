"""What a search finds grows with what."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from searches import (
    BEAMS,
    THRESHOLDS,
    UNBOUNDED,
    Images,
    Problem,
    evaluated,
    full,
    kept,
    problems,
    search,
    shuffled,
    tree,
)  # fmt: skip

from diffex_cli.core.hierarchy import Corpus
from diffex_cli.search.algorithm.algorithms import Algorithm


@settings(deadline=None, max_examples=50)
@given(problem=problems(), beam=BEAMS, more=BEAMS, delta=THRESHOLDS, less=THRESHOLDS)
def test_what_the_paper_keeps_grows_with_the_beam_and_a_lower_threshold(
    problem: Problem, beam: int, more: int, delta: float, less: float
) -> None:
    corpus, deltas = problem
    strict = search(corpus, Images(deltas), algorithm="paper", beam=min(beam, more), delta=max(delta, less))
    loose = search(corpus, Images(deltas), algorithm="paper", beam=max(beam, more), delta=min(delta, less))
    assert set(kept(strict)) <= set(kept(loose))


@settings(deadline=None, max_examples=50)
@given(problem=problems(), beam=BEAMS, more=BEAMS, delta=THRESHOLDS, less=THRESHOLDS)
def test_of_the_roots_the_beam_keeps_more_with_more_places_and_a_lower_threshold(
    problem: Problem, beam: int, more: int, delta: float, less: float
) -> None:
    corpus, deltas = problem
    strict = search(corpus, Images(deltas), beam=min(beam, more), delta=max(delta, less), max_depth=0)
    loose = search(corpus, Images(deltas), beam=max(beam, more), delta=min(delta, less), max_depth=0)
    assert set(kept(strict)) <= set(kept(loose))


@settings(deadline=None, max_examples=50)
@given(problem=problems(), delta=THRESHOLDS, less=THRESHOLDS, alpha=st.sampled_from([0.01, 0.2, 0.5]))
def test_with_places_for_all_the_beam_grows_with_a_lower_threshold_and_a_laxer_test(
    problem: Problem, delta: float, less: float, alpha: float
) -> None:
    corpus, deltas = problem
    high, low = max(delta, less), min(delta, less)
    traces = [
        search(corpus, Images(deltas), beam=UNBOUNDED, delta=each, alpha=error)
        for each, error in ((high, alpha), (low, alpha), (low, 0.9))
    ]
    for strict, loose in itertools.pairwise(traces):
        assert evaluated(strict) <= evaluated(loose)
        assert set(kept(strict)) <= set(kept(loose))


def test_below_the_second_level_a_wider_beam_may_lose_what_a_narrow_one_found() -> None:
    corpus = tree("a/x/deep", "b/v", "b/w")
    deltas = {"a": [3.0], "b": [2.0], "a/x": [4.0], "b/v": [8.0], "b/w": [8.5], "a/x/deep": [9.0]}
    assert "a/x/deep" in kept(search(corpus, Images(deltas), beam=1))
    assert "a/x/deep" not in evaluated(search(corpus, Images(deltas), beam=2))


@settings(deadline=None, max_examples=50)
@given(problem=problems(), beam=BEAMS, more=BEAMS, delta=THRESHOLDS, less=THRESHOLDS)
def test_exhaustive_knows_no_beam_and_keeps_more_with_a_lower_threshold(
    problem: Problem, beam: int, more: int, delta: float, less: float
) -> None:
    corpus, deltas = problem
    strict = search(corpus, Images(deltas), algorithm="exhaustive", beam=beam, delta=max(delta, less))
    loose = search(corpus, Images(deltas), algorithm="exhaustive", beam=more, delta=min(delta, less))
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
    whole = search(corpus, Images(deltas), algorithm=algorithm, beam=beam)
    shallow = search(corpus, Images(deltas), algorithm=algorithm, beam=beam, max_depth=depth)
    assert len(shallow.levels) == min(len(whole.levels), depth + 1)
    for one, other in zip(shallow.levels, whole.levels, strict=False):
        assert [(each.id, each.status) for each in one.evaluations] == [
            (each.id, each.status) for each in other.evaluations
        ]


@settings(deadline=None, max_examples=50)
@given(problem=problems(), beam=BEAMS, more=BEAMS, delta=THRESHOLDS, data=st.data())
def test_with_a_probe_a_wider_beam_looks_at_more_and_the_order_of_siblings_does_not_matter(
    problem: Problem, beam: int, more: int, delta: float, data: st.DataObject
) -> None:
    corpus, deltas = problem
    narrow, wide = sorted((beam, more))
    plain, small, large = (
        search(corpus, Images(deltas), beam=places, delta=delta, probe=probe, max_depth=1)
        for places, probe in ((narrow, 0), (narrow, 2), (wide, 2))
    )
    assert evaluated(plain) <= evaluated(small) <= evaluated(large)
    other = Corpus("test", shuffled(corpus.roots, data.draw))
    first, second = (search(each, Images(deltas), beam=beam, delta=delta, probe=2) for each in (corpus, other))
    assert full(first) == full(second)
