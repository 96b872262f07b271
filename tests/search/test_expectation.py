"""What a dry run of a search says."""

import dataclasses
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from pipeline import N_IMAGES, N_NODES, N_ROOTS, SILENT, make_corpus

from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.core.settings import Settings
from diffex_cli.search import search
from diffex_cli.search.expectation import expected


def wide(roots: int) -> Corpus:
    return Corpus("test", tuple(Node(f"r{i}", f"r{i}", f"r{i}") for i in range(roots)))


def test_an_exhaustive_search_is_known_beforehand(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, target="green", algorithm="exhaustive")
    plan = search.plan(made)
    assert (plan.needed, plan.to_do) == ((1 + N_ROOTS) * N_IMAGES, (1 + N_ROOTS) * N_IMAGES)
    assert plan.expected == plan.to_do_at_most == (1 + N_NODES) * N_IMAGES
    assert search.run(made, SILENT).edits == plan.expected
    assert search.plan(made).to_do_at_most == 0


def test_a_budget_is_the_most(tmp_path: Path) -> None:
    plan = search.plan(make_corpus(tmp_path, target="green", max_edits=30))
    assert plan.needed == 1 + N_ROOTS
    assert plan.to_do_at_most == plan.expected == 30


def test_sets_and_a_holdout_are_counted(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, target="green")
    joint = search.plan(dataclasses.replace(made, joint=2))
    assert joint.to_do_at_most == search.plan(made).to_do_at_most + 3 * N_IMAGES  # B + 1 in pairs
    held = search.plan(dataclasses.replace(made, holdout="on"))
    assert held.needed == (1 + N_ROOTS) * 3
    assert held.to_do_at_most == search.plan(made).to_do_at_most


def test_racing_among_many_is_expected_to_save_what_it_saves_in_simulation() -> None:
    # Laplace effects, see benchmarks.racing: 40 candidates, 48 images, beam 5 took 0.27 of all
    settings = Settings(beam=5, racing=True)
    share = (expected(wide(40), settings, 48, 0) - 48) / (40 * 48)
    assert 0.24 < share < 0.3


@given(
    roots=st.integers(1, 60), images=st.integers(1, 60), held=st.integers(0, 60), beam=st.integers(1, 9),
    budget=st.one_of(st.none(), st.integers(1, 500)), joint=st.sampled_from([0, 2, 3]),
)  # fmt: skip
def test_racing_and_a_budget_never_cost_more(
    roots: int, images: int, held: int, beam: int, budget: int | None, joint: int
) -> None:
    plain = Settings(beam=beam, joint=joint)
    raced = dataclasses.replace(plain, racing=True, max_edits=budget)
    assert expected(wide(roots), raced, images, held) <= expected(wide(roots), plain, images, held)
