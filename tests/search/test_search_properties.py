"""What holds for every search: what grows with what, and what orders, caps and interrupts change."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from contests import Panel
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from test_algorithms import evaluated, evaluator, kept, problems, shuffled, summary, tree

from diffex_cli.candidates import Candidate
from diffex_cli.corpus.hierarchy import Corpus, Node
from diffex_cli.search.algorithms import Algorithm, RaceLevel, Trace, search
from diffex_cli.search.contest import Measure, Outcome
from diffex_cli.search.influence import Effect
from diffex_cli.search.joint import JointEvaluation, joint_search, partners
from diffex_cli.search.levels import level_budget, race_level
from diffex_cli.search.panel import panel_order
from diffex_cli.search.statistics.interaction import interaction
from diffex_cli.search.trace import Evaluation
from diffex_cli.search.verdict import Verdict, judge

Problem = tuple[Corpus, dict[str, list[float]]]

BEAMS = st.integers(1, 5)
THRESHOLDS = st.sampled_from([0.0, 0.1, 0.5, 1.0, 2.0])
RACED = st.sampled_from(("beam", "paper"))
UNBOUNDED = 1000


def images_of(deltas: Mapping[str, Sequence[float]]) -> int:
    return len(next(iter(deltas.values())))


@st.composite
def panels(draw: st.DrawFn) -> Problem:
    """A hierarchy on enough images for a race to end early: idle nodes, strong ones, noise and failed edits."""
    n = draw(st.integers(1, 16))
    paths = draw(st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3), min_size=1, max_size=10))
    corpus = tree(*("/".join(path) for path in paths))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    kinds = st.sampled_from([(0.0, 0.0), (0.0, 0.5), (0.7, 0.3), (-1.5, 0.3), (2.0, 0.0)])
    deltas = {}
    for node in corpus.walk():
        mean, spread = draw(kinds)
        column = mean + spread * random.normal(size=n)
        column[random.random(n) < draw(st.sampled_from([0.0, 0.0, 0.3]))] = math.nan
        deltas[node.id] = column.tolist()
    return corpus, deltas


def contested(
    corpus: Corpus, measure: Measure, order: Sequence[int], algorithm: Algorithm, beam: int, delta: float,
    max_edits: int | None,
) -> RaceLevel:  # fmt: skip
    """A race as the stage holds it, the budget shared out among the levels."""
    spent = 0

    def race(frontier: Sequence[tuple[Node, float | None]], depth: int) -> Outcome:
        nonlocal spent
        budget = None if max_edits is None else level_budget(corpus, depth, None, max_edits - spent)
        outcome = race_level(frontier, order, measure, algorithm=algorithm, beam=beam, delta=delta, max_edits=budget)
        spent += outcome.edits
        return outcome

    return race


def fail(nodes: Sequence[Node]) -> list[NDArray[np.float64]]:
    raise AssertionError("a race measures for itself")


def run(
    problem: Problem, panel: Measure, algorithm: Algorithm, beam: int, delta: float, max_edits: int | None,
    order: Sequence[int] | None = None,
) -> Trace:  # fmt: skip
    corpus, deltas = problem
    order = range(images_of(deltas)) if order is None else order
    race = contested(corpus, panel, order, algorithm, beam, delta, max_edits)
    return search(corpus, fail, algorithm=algorithm, beam=beam, delta=delta, race=race)


def full(trace: Trace) -> list[str]:
    """All that a trace says, NaN included, but for the single images."""
    rows = iter(summary(trace))
    return [
        repr((next(rows), one.expanded, one.standing and (one.standing.images, one.standing.decided)))
        for level in trace.levels
        for one in level.evaluations
    ]


# --- what grows with what -------------------------------------------------------------------------


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
        for each, error in ((high, alpha), (low, alpha), (low, 0.9), (low, None))
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


# --- what changes nothing -------------------------------------------------------------------------


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
    first = search(corpus, evaluator(deltas), algorithm=algorithm, beam=beam, delta=delta, alpha=alpha)
    second = search(corpus, evaluator(other), algorithm=algorithm, beam=beam, delta=delta * abs(factor), alpha=alpha)
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
    first = run(problem, Panel(deltas), algorithm, beam, delta, budget, panel_order(keys, strata))
    other = (
        Corpus("test", shuffled(corpus.roots, data.draw)),
        {id: [column[i] for i in moved] for id, column in deltas.items()},
    )
    order = panel_order([keys[i] for i in moved], [strata[i] for i in moved])
    second = run(other, Panel(other[1]), algorithm, beam, delta, budget, order)
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


def said(verdict: Verdict) -> str:
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
    others = {"placebos": {min(world)} if hat else set(), "kept": set(world) - early, "early": early, "delta": delta}
    first = judge({id: np.array(column) for id, column in world.items()}, **others)  # type: ignore[arg-type]
    second = judge(
        {id: np.array(world[id])[list(order)] for id in data.draw(st.permutations(list(world)))},
        **others,  # type: ignore[arg-type]
    )
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
    first = judge(deltas, placebos=(), kept=deltas, early=(), delta=0.1)
    more = deltas | {"rival": np.array(rival)}
    second = judge(more, placebos=(), kept=deltas, early={"rival"} if raced else (), delta=0.1)
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
    tried = joint_search(
        partners(singles, len(singles), delta=0.0),
        lambda ones: together(singles, ones),
        size=size,
        beam=beam,
        delta=delta,
    )
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
    assert (first.joint, first.sum, first.interaction) == (second.joint, second.sum, second.interaction)
    assert sorted(one.mean for one in first.singles) == sorted(one.mean for one in second.singles)


# --- a cap, and an interrupt ----------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(problem=panels(), algorithm=RACED, beam=BEAMS, delta=THRESHOLDS, budget=st.none() | st.integers(0, 200))
def test_no_contest_takes_more_edits_than_the_exhaustive_search_or_its_cap(
    problem: Problem, algorithm: Algorithm, beam: int, delta: float, budget: int | None
) -> None:
    corpus, deltas = problem
    panel = Panel(deltas)
    trace = run(problem, panel, algorithm, beam, delta, budget)
    everything = images_of(deltas) * len(list(corpus.walk()))
    assert len(panel.asked) == len(set(panel.asked)) <= (everything if budget is None else min(budget, everything))
    for level in trace.levels:
        edits = sum(one.standing.images for one in level.evaluations if one.standing is not None)
        assert edits <= images_of(deltas) * len(level.evaluations)


@settings(deadline=None, max_examples=30)
@given(problem=panels(), algorithm=RACED, beam=BEAMS, delta=THRESHOLDS, budget=st.none() | st.integers(0, 200))
@example((tree("a/x", "b"), {"a": [1.0] * 12, "a/x": [2.0] * 12, "b": [0.0, 0.1] * 6}), "beam", 1, 0.1, None)
def test_a_contest_interrupted_at_any_question_goes_on_to_the_same_trace(
    problem: Problem, algorithm: Algorithm, beam: int, delta: float, budget: int | None
) -> None:
    _, deltas = problem
    whole = Panel(deltas)
    expected = full(run(problem, whole, algorithm, beam, delta, budget))
    for patience in range(len(whole.batches)):
        memory: dict[tuple[str, int], float] = {}
        interrupted = Panel(deltas, memory, patience)
        try:
            run(problem, interrupted, algorithm, beam, delta, budget)
        except KeyboardInterrupt:
            assert len(memory) < len(whole.asked)
        else:
            raise AssertionError("it was not interrupted")
        resumed = Panel(deltas, memory)
        assert full(run(problem, resumed, algorithm, beam, delta, budget)) == expected
        # what was made before is not made again
        assert sorted([*interrupted.asked, *resumed.asked]) == sorted(whole.asked)


@settings(deadline=None, max_examples=50)
@given(problem=problems(), algorithm=st.sampled_from(("beam", "paper", "exhaustive")), beam=BEAMS, delta=THRESHOLDS)
def test_a_search_interrupted_at_any_node_goes_on_to_the_same_trace(
    problem: Problem, algorithm: Algorithm, beam: int, delta: float
) -> None:
    corpus, deltas = problem
    asked: list[str] = []
    expected = summary(search(corpus, evaluator(deltas, asked), algorithm=algorithm, beam=beam, delta=delta))
    for patience in range(len(asked)):
        made: dict[str, list[float]] = {}
        again: list[str] = []
        with_patience = remembering(deltas, made, patience, again)
        try:
            search(corpus, with_patience, algorithm=algorithm, beam=beam, delta=delta)
        except KeyboardInterrupt:
            assert len(made) == patience
        resumed = search(corpus, remembering(deltas, made, -1, again), algorithm=algorithm, beam=beam, delta=delta)
        assert repr(summary(resumed)) == repr(expected)
        assert sorted(again) == sorted(asked)


def remembering(
    deltas: Mapping[str, Sequence[float]], made: dict[str, list[float]], patience: int, asked: list[str]
) -> Callable[[Sequence[Node]], list[NDArray[np.float64]]]:
    """Makes what is not made yet, node by node, until its patience ends."""

    def evaluate(nodes: Sequence[Node]) -> list[NDArray[np.float64]]:
        for node in nodes:
            if node.id in made:
                continue
            if len(made) == patience:
                raise KeyboardInterrupt
            asked.append(node.id)
            made[node.id] = list(deltas[node.id])
        return [np.array(made[node.id]) for node in nodes]

    return evaluate
