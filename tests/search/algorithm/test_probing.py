"""The look below a group before it is discarded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from contests import Panel
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from searches import search

from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.search.algorithm.algorithms import Rules, Trace
from diffex_cli.search.algorithm.probing import Probe, probe_below

Table = Mapping[str, Sequence[float]]
FEW = 2


def group(id: str, *children: Node, placebo: bool = False) -> Node:
    return Node(id, id, id, placebo=placebo, children=children)


def leaf(id: str) -> Node:
    return Node(id, id, id)


CORPUS = Corpus(
    "test",
    (
        group("dull", leaf("dull/strong"), leaf("dull/weak")),
        group("duller", leaf("duller/none")),
        group("clear", leaf("clear/x")),
        group("fake", Node("fake/x", "fake/x", "fake/x", placebo=True), placebo=True),
    ),
)
DELTAS: Table = {
    "dull": [0.0, 0.0, 0.1],
    "dull/strong": [2.0, -1.0, 0.0],
    "dull/weak": [0.3, 0.3, 0.3],
    "duller": [0.0, 0.0, 0.0],
    "duller/none": [0.0, 0.0, 5.0],
    "clear": [1.0, 1.0, 1.0],
    "clear/x": [2.0, 2.0, 2.0],
    "fake": [0.0, 0.0, 0.0],
    "fake/x": [9.0, 9.0, 9.0],
}


def run(beam: int, corpus: Corpus = CORPUS, panel: Panel | None = None) -> Trace:
    return search(corpus, panel or Panel(DELTAS), beam=beam, delta=0.2, probe=FEW)


def tried(trace: Trace) -> set[str]:
    return {one.node.id for one in trace.ranking}


def test_a_dull_group_is_followed_for_its_child() -> None:
    trace = run(beam=3)
    assert {"dull/strong", "dull/weak"} <= tried(trace)
    dull = next(one for one in trace.ranking if one.node.id == "dull")
    assert (dull.status, dull.expanded) == ("dropped", True)
    assert dull.reason.endswith("below δ = 0.2; followed for 'dull/strong', which moves 2 images by 1.5")
    strong = next(one for one in trace.ranking if one.node.id == "dull/strong")
    assert strong.status == "kept"


def test_a_child_that_moves_none_of_the_few_images_is_not_found() -> None:
    assert "duller/none" not in tried(run(beam=5))


def test_without_a_place_nothing_is_probed() -> None:
    panel = Panel(DELTAS)
    trace = run(beam=1, panel=panel)
    assert {id for id, _ in panel.asked} == tried(trace)
    assert "dull/strong" not in tried(trace)


def test_placebos_are_not_probed() -> None:
    panel = Panel(DELTAS)
    assert "fake/x" not in tried(run(beam=5, panel=panel))
    # after the roots, the groups' children on the few images in one call
    probed = panel.asked[panel.batches[0] :][: panel.batches[1]]
    assert probed == [(id, image) for id in ("dull/strong", "dull/weak", "duller/none") for image in range(FEW)]


def test_it_looks_at_the_first_images_of_the_panel_s_order() -> None:
    panel = Panel(DELTAS, order=(2, 0, 1))
    run(beam=5, panel=panel)
    assert {image for id, image in panel.asked if id == "duller/none"} == {0, 1, 2}
    assert ("duller/none", 1) not in panel.asked[: sum(panel.batches[:2])]


def test_the_strongest_below_get_the_places() -> None:
    groups = [group("a", leaf("a/x"), leaf("a/y")), group("b", leaf("b/x")), group("c", leaf("c/x"))]
    deltas = {"a/x": [0.3], "a/y": [-0.5], "b/x": [0.7], "c/x": [0.1]}
    rules = Rules(delta=0.2)
    found = probe_below(groups, Panel(deltas), rules, 5, unknown)
    assert list(found.items()) == [("b", Probe("b/x", 0.7, 1)), ("a", Probe("a/y", 0.5, 1))]
    few = probe_below(groups, Panel(deltas), rules, 1, unknown)
    assert list(few) == ["b"]


def unknown(_: Node) -> list[tuple[Node, NDArray[np.float64]]]:
    return []


@pytest.mark.parametrize(
    ("strong", "found"),
    [
        ([0.4, -0.2, 0.3], {"a": Probe("a/y/strong", 0.3, 3)}),
        ([0.1, -0.2, 0.1], {}),
        ([0.4, math.nan, 0.3], {"a": Probe("a/y", 5.0, 1)}),
    ],
    ids=["strong", "weak", "known of too few images"],
)
def test_what_is_known_of_members_costs_no_edit(strong: list[float], found: dict[str, Probe]) -> None:
    a = group("a", group("a/y", leaf("a/y/strong"), leaf("a/y/weak")))
    changes = {"a/y/strong": strong, "a/y/weak": [0.0, 0.0, 0.0]}
    panel = Panel({"a/y": [5.0]})

    def below(of: Node) -> list[tuple[Node, NDArray[np.float64]]]:
        return [(member, np.array(changes[member.id])) for member in of.members]

    assert probe_below([a], panel, Rules(delta=0.2), 5, below) == found
    assert bool(panel.asked) == math.isnan(sum(strong)), "it looks at children if it knows too little"


@settings(deadline=None, max_examples=30)
@given(st.permutations(CORPUS.roots), st.integers(1, 5))
def test_the_order_of_roots_does_not_matter(roots: Sequence[Node], beam: int) -> None:
    shuffled = run(beam, Corpus("test", tuple(roots)))
    assert [(one.id, one.status, one.reason) for one in shuffled.ranking] == [
        (one.id, one.status, one.reason) for one in run(beam).ranking
    ]
