"""What must not change a verdict: the order of images and of candidates, and which way is called up."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from diffex_cli.search.statistics.floor import noise_floor
from diffex_cli.search.statistics.interaction import interaction
from diffex_cli.search.statistics.intervals import mean_interval, student_interval
from diffex_cli.search.statistics.multiplicity import max_t
from diffex_cli.search.statistics.verdict import Tried, significance_of

Rows = Mapping[str, NDArray[np.float64]]

# few different values, so that images tie, and are each other's mirror images
VALUES = st.sampled_from([0.0, 0.1, -0.1, 0.7, -0.7, 1e-9, math.nan]) | st.floats(-5, 5, width=32)


@st.composite
def families(draw: st.DrawFn, least: int = 15) -> Rows:
    """Some candidates' Δ on more images than there are assignments of signs to look at, or fewer."""
    n, images = draw(st.integers(1, 4)), draw(st.integers(least, 24))
    return {f"c{k}": np.array(draw(st.lists(VALUES, min_size=images, max_size=images))) for k in range(n)}


def negated(rows: Rows) -> Rows:
    return {id: -values for id, values in rows.items()}


@pytest.mark.parametrize("least", [2, 15])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_negating_every_effect_leaves_every_p(least: int, data: st.DataObject) -> None:
    rows = data.draw(families(least))
    assert repr(max_t(rows, flips=300)) == repr(max_t(negated(rows), flips=300))


@given(rows=families(2), data=st.data())
@settings(max_examples=40, deadline=None)
def test_the_order_of_images_and_siblings_leaves_every_p(rows: Rows, data: st.DataObject) -> None:
    images = data.draw(st.permutations(range(len(rows["c0"]))))
    ids = data.draw(st.permutations(list(rows)))
    shuffled = max_t({id: rows[id][images] for id in ids}, flips=300)
    assert repr(max_t(rows, flips=300)) == repr({id: shuffled[id] for id in rows})


@pytest.mark.parametrize("method", [mean_interval, student_interval])
@given(rows=families(2))
@settings(max_examples=40, deadline=None)
def test_intervals_mirror_to_the_last_bit(method: Callable[..., Any], rows: Rows) -> None:
    up, down = method(rows["c0"]), method(-rows["c0"])
    assert repr((down.mean + 0.0, down.low + 0.0, down.high + 0.0)) == repr(
        (-up.mean + 0.0, -up.high + 0.0, -up.low + 0.0)
    )


@given(rows=families(2), data=st.data())
@settings(max_examples=40, deadline=None)
def test_the_floor_by_chance_knows_no_order_and_no_sign(rows: Rows, data: st.DataObject) -> None:
    images = data.draw(st.permutations(range(len(rows["c0"]))))
    floors = [
        noise_floor({}, rows),
        noise_floor({}, negated(rows)),
        noise_floor({}, {id: rows[id][images] for id in data.draw(st.permutations(list(rows)))}),
    ]
    assert all(floor.value == pytest.approx(floors[0].value, rel=1e-12, nan_ok=True) for floor in floors)
    assert len({dataclasses.replace(floor, value=0.0) for floor in floors}) == 1


@given(rows=families(2), data=st.data())
@settings(max_examples=20, deadline=None)
def test_an_interaction_knows_no_order_of_its_parts(rows: Rows, data: st.DataObject) -> None:
    together, *alone = [*rows.values(), *rows.values(), *rows.values()][:4]
    turned = data.draw(st.permutations(alone))
    one, other = interaction(together, alone), interaction(together, turned)
    assert repr((one.sum, one.interaction, one.n)) == repr((other.sum, other.interaction, other.n))


@pytest.mark.parametrize("placebo", [False, True])
def test_a_whole_verdict_is_the_same_upside_down_and_in_another_order(placebo: bool) -> None:
    random = np.random.default_rng(5)
    rows = {f"a{k}": random.normal(0.3 * k, 1, 24) for k in range(5)}
    rows["a1 + a2"] = rows["a1"] + rows["a2"]

    def judged(rows: Rows) -> Any:
        kept = {"a3", "a4"}
        return significance_of(
            Tried(rows, {"a0"} if placebo else set(), kept, sets={"a1 + a2": ["a1", "a2"]}), delta=0.1
        )

    first, images = judged(rows), random.permutation(24)
    assert min(one.corrected for one in first.p_values.values()) < 0.05
    for other in (negated(rows), {id: rows[id][images] for id in reversed(rows)}):
        found = judged(other)
        assert found.p_values == first.p_values
        assert found.coverage == first.coverage
        assert found.floor.value == pytest.approx(first.floor.value, rel=1e-12)
        assert found.detectable == pytest.approx(first.detectable, rel=1e-12)
