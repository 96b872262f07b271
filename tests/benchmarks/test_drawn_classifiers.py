"""Classifiers drawn by lot: anybody gets the same ones, and their attributes matter."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.checked.drawn import SHAPES, drawn
from benchmarks.checked.fresh import FunctionClassifier
from diffex_cli.birds import samples
from diffex_cli.birds.panel.formulas import Has
from diffex_cli.classifiers.opened import open_classifier


class Birds:
    """One bird a row, which has something or not; remembers what it was asked about."""

    def __init__(self) -> None:
        self.asked: list[Has] = []

    def __call__(self, one: Has) -> NDArray[np.float64]:
        self.asked.append(one)
        return np.array([(row >> (len(self.asked) - 1)) & 1 for row in range(8)], dtype=np.float64)


@pytest.mark.parametrize("number", range(2 * len(SHAPES)))
def test_it_is_always_the_same_and_goes_by_what_it_asks_about(number: int) -> None:
    first, second = Birds(), Birds()
    logits = drawn(number)(first)
    assert logits.tolist() == drawn(number)(second).tolist()
    assert first.asked == second.asked
    assert len({one.attribute for one in first.asked}) == 3
    assert np.isfinite(logits).all()
    assert np.ptp(logits) > 1


def test_numbers_differ() -> None:
    assert len({tuple(drawn(number)(Birds()).tolist()) for number in range(12)}) == 12


def test_it_is_a_classifier() -> None:
    pictures = list(samples.pictures().values())[:4]
    classifier = FunctionClassifier("drawn-2", open_classifier("birds:probe"))
    assert classifier.labels == ("no", "yes")
    assert classifier.logits(pictures).shape == (4, 2)
    other = FunctionClassifier("drawn-3", open_classifier("birds:probe"))
    assert classifier.fingerprint != other.fingerprint
