"""The searches of the benchmark, on tables of which everything is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from truth_tables import BIRDS, FEW, FOREST, SHORT, table

from benchmarks.truth.baselines import grad_cam, public_code, random_order
from benchmarks.truth.coverage import coverage
from benchmarks.truth.methods import searching
from diffex_cli.birds.attributes import ATTRIBUTES
from diffex_cli.core.hierarchy import Candidate

NODES = len(list(BIRDS.walk()))
CREST = "head/crest/tall-crest"
EFFECTS = {SHORT: 2.0, FOREST: -3.0, CREST: 2.5}
TABLE = table(EFFECTS, noise=0.3)
RACED = searching("beam", racing=True)


def test_exhaustive_measures_all_and_finds_the_order() -> None:
    finding = searching("exhaustive")(TABLE, None)
    assert finding.edits == NODES * 24
    assert list(finding.effects)[:3] == [FOREST, CREST, SHORT]
    assert finding.effects[FOREST] == pytest.approx(-3, abs=0.3)
    assert finding.reported is not None
    assert {FOREST, SHORT} <= finding.reported
    assert finding.looked_at == NODES - 7
    assert finding.pair is None


def test_racing_finds_what_the_beam_finds_for_less() -> None:
    beam, racing = searching("beam")(TABLE, None), RACED(TABLE, None)
    assert racing.edits < 0.8 * beam.edits
    assert beam.edits < NODES * 24
    assert racing.reported is not None
    assert racing.reported == beam.reported
    assert {FOREST, SHORT} <= racing.reported
    for id in racing.reported:
        assert racing.effects[id] == beam.effects[id]


def test_noise_is_kept_by_the_paper_but_not_reported_by_the_others() -> None:
    noise = table({}, noise=0.7)
    paper = searching("paper")(noise, None)
    assert paper.reported
    for method in (searching("exhaustive"), searching("beam"), RACED):
        assert method(noise, None).reported == frozenset()


def test_the_joint_phase_names_the_best_pair() -> None:
    asked: list[str] = []

    def joint(candidate: Candidate) -> NDArray[np.float64]:
        asked.append(candidate.id)
        values = np.full(24, math.nan)
        values[:6] = 9.0 if {term.node for term in candidate.terms} == {SHORT, CREST} else 0.5
        return values

    for method in (searching("beam"), searching("exhaustive"), RACED):
        asked.clear()
        finding = method(TABLE, joint)
        assert finding.pair is not None
        assert {node.id for node in finding.pair} == {SHORT, CREST}
        assert finding.joint_edits == 6 * len(asked) > 0


def test_the_papers_pair_is_its_two_best_of_different_roots() -> None:
    def never(candidate: Candidate) -> NDArray[np.float64]:
        raise AssertionError("the paper's search tries no pairs")

    finding = searching("paper")(TABLE, never)
    assert finding.pair is not None
    assert len({node.id.partition("/")[0] for node in finding.pair}) == 2
    assert finding.joint_edits == 0
    assert not finding.intervals


def test_the_public_code_looks_at_one_image_by_four_seeds() -> None:
    finding = public_code(TABLE, lambda candidate: TABLE.deltas[candidate.id][:4] / 10)
    assert finding.edits % 4 == 0
    assert 0 < finding.edits <= 4 * NODES
    assert not finding.signed
    assert min(finding.effects.values()) >= 0
    assert next(iter(finding.effects)) == FOREST


def test_random_orders_differ_by_seed_only() -> None:
    one, same, other = (list(random_order(TABLE, seed).effects) for seed in ("a", "a", "b"))
    assert one == same != other
    assert len(one) == NODES


def test_grad_cam_ranks_by_the_heat_in_a_region() -> None:
    heat = np.zeros((2, 4, 4))
    heat[:, 0, 0] = 1.0
    regions = {attribute: np.zeros((2, 4, 4), bool) for attribute in ATTRIBUTES}
    regions["tail"][:, 0] = True
    regions["background"][:] = True
    regions["background"][1] = False
    finding = grad_cam(table({}, corpus=FEW), heat, regions)
    scores = list(finding.effects.items())
    assert [(id.partition("/")[0], score) for id, score in scores] == [("tail", 1.0)] * 3 + [("background", 0.5)] * 5
    assert finding.edits == 0
    assert finding.reported is None


def test_intervals_contain_the_truth_about_as_often_as_they_say() -> None:
    result = coverage(table(EFFECTS, noise=0.5, corpus=FEW, images=16), searching("exhaustive"), "any", draws=20)
    right, count = result.ranked
    assert count == 8 * 20
    assert 0.85 <= right / count <= 1
    assert result.strong[1] <= count
    assert 0 < result.reported[1] < count


def test_a_drawn_table_has_images_of_its_own() -> None:
    drawn = TABLE.drawn([3, 3, 0])
    assert len(set(drawn.images)) == 3
    assert drawn.strata == (1, 1, 0)
    assert drawn.deltas[SHORT].tolist() == TABLE.deltas[SHORT][[3, 3, 0]].tolist()
