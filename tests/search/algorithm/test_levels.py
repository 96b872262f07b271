"""One level of the search as a contest agrees with the search that measures everything."""

import pytest
from contests import VALUES, Panel
from hypothesis import given, settings
from hypothesis import strategies as st
from searches import search

from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.search.algorithm.algorithms import Algorithm, Rules
from diffex_cli.search.algorithm.levels import level_budget, race_level

THREE_DEEP = Corpus(
    "test",
    tuple(
        Node(a, a, a, children=tuple(
            Node(f"{a}/{b}", b, b, children=tuple(
                Node(f"{a}/{b}/{c}", c, c) for c in "xy" if b == "p")
            ) for b in "pq"))
        for a in "abc"
    ),
)  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[float]]:
    # few enough images that no node is judged early
    n = draw(st.integers(1, 4))
    return {node.id: draw(st.lists(VALUES, min_size=n, max_size=n)) for node in THREE_DEEP.walk()}


@settings(deadline=None)
@given(
    table=tables(),
    algorithm=st.sampled_from(["beam", "paper", "exhaustive"]),
    beam=st.integers(1, 4),
    delta=st.sampled_from([0.0, 0.1, 1.0]),
    budgeted=st.booleans(),
)
def test_it_keeps_whom_the_search_sends_on(
    table: dict[str, list[float]], algorithm: Algorithm, beam: int, delta: float, budgeted: bool
) -> None:
    trace = search(THREE_DEEP, Panel(table), algorithm=algorithm, beam=beam, delta=delta)
    influence = {one.node.id: one.effect.influence for one in trace.ranking}
    images = range(len(next(iter(table.values()))))
    for level in trace.levels:
        frontier = [(one.node, None if one.parent is None else influence[one.parent]) for one in level.evaluations]
        max_edits = len(frontier) * len(images) if budgeted else None
        outcome = race_level(frontier, Panel(table), Rules(algorithm, beam, delta), max_edits)
        sent_on = {
            one.node.id
            for one in level.evaluations
            if one.status == "kept" or (one.expanded and algorithm != "exhaustive")
        }
        assert set(outcome.kept) == sent_on
        assert outcome.edits == len(frontier) * len(images)


def test_groups_are_followed_by_reach_and_raced_on_few_images() -> None:
    frontier = [
        (Node("leaf", "leaf", "leaf"), None),
        (Node("group", "group", "group", children=(Node("a", "a", "a"),)), None),
    ]
    table = {"leaf": [0.001, -0.001] * 20, "group": [1.0, -1.0] * 20}
    outcome = race_level(frontier, Panel(table), Rules("beam", 1, 0.1))
    assert outcome.kept == ("group",)
    assert (outcome["leaf"].images, outcome["group"].images) == (4, 40)
    halved = race_level(frontier, Panel(table), Rules("beam", 1, 0.1), max_edits=20)
    assert halved.kept == ("group",)
    assert halved.edits <= 20


def test_with_signs_a_leaf_against_its_parent_only_has_to_reach_the_threshold() -> None:
    frontier = [(Node(id, id, id), -1.0) for id in ("down", "up", "strong", "weak")]
    table = {"down": [-0.5] * 40, "up": [0.5] * 40, "strong": [-2.0] * 40, "weak": [0.05] * 40}
    tested = Rules("beam", 2, 0.1, alpha=0.05)
    plain = race_level(frontier, Panel(table), Rules("beam", 2, 0.1))
    signed = race_level(frontier, Panel(table), tested)
    assert (plain.kept, signed.kept) == (("strong",), ("strong", "up"))
    assert "does not exceed its parent's 1" in signed["down"].reason
    assert "is below δ = 0.1" in signed["weak"].reason
    halved = race_level(frontier, Panel(table), tested, max_edits=160)
    assert halved.kept == ("strong", "up")


def test_with_hardly_more_nodes_than_places_all_is_measured() -> None:
    frontier = [(Node(id, id, id), None) for id in "abc"]
    table = {id: [float(place)] * 40 for place, id in enumerate("abc")}
    outcome = race_level(frontier, Panel(table), Rules("beam", 2, 0.1))
    assert (outcome.edits, outcome.rounds, outcome.kept) == (120, 1, ("c", "b"))


@pytest.mark.parametrize(
    ("depth", "max_depth", "expected"),
    [(0, None, 30), (1, None, 45), (2, None, 90), (0, 0, 90), (1, 1, 90), (0, 9, 30)],
)
def test_a_level_gets_its_share_of_the_budget(depth: int, max_depth: int | None, expected: int) -> None:
    assert level_budget(THREE_DEEP, depth, max_depth, 90) == expected
    assert level_budget(Corpus("empty", ()), 0, None, 90) == 90
