"""The table of speed: it counts right; no timing is judged."""

from __future__ import annotations

import pytest
from figures import numbers, rows

from benchmarks.speed import speed
from benchmarks.workload import Pairs, parse_pairs, workload

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"  # diffusers' scheduler, numpy 2
)


def test_it_counts_the_rows_that_each_method_needs() -> None:
    text = speed(Pairs(1, 2), Pairs(1, 2), ["steps=4", "start=801"], dtypes=("float32",), compiled=False)
    header, *lines = rows(text)
    per_edit = {tuple(line[:2]): float(line[header.index("U-Net rows/edit")]) for line in lines}
    masked = 4 / 2 + 2 * 4 - 1 - 2 * 2  # the first active step's empty prediction is the inversion's
    assert per_edit == {
        ("stock (a), inverting for every pair", ""): 4 + 2 * 4,
        ("stock (b), inverting once per image", ""): 4 / 2 + 2 * 4,
        ("engine", ""): 4 / 2 + 4,  # the empty prediction cancels
        ("stock (a), inverting for every pair", "masked"): 4 + 2 * 4,
        ("stock (b), inverting once per image", "masked"): 4 / 2 + 2 * 4,
        ("engine", "masked"): masked,
    }
    assert all(numbers(line[4:]) for line in lines)
    assert "`ledits:birds:steps=4,start=801`, 4 steps from timestep 801" in text
    assert "*Masked*: with `mask=both,threshold=0.6,warmup=2`" in text


def test_a_workload_takes_the_images_in_turn() -> None:
    work = workload(Pairs(2, 3))
    assert len(work.images) == 2
    assert [request.image for request in work.requests] == [image for image in work.images for _ in range(3)]
    assert len({request.candidate.id for request in work.requests}) == 3


def test_pairs_are_read_or_refused() -> None:
    assert parse_pairs("16x12") == Pairs(16, 12)
    for wrong in ("16", "0x3", "49x1", "1x1000", "axb"):
        with pytest.raises(ValueError, match=r"at most|invalid literal"):
            parse_pairs(wrong)
