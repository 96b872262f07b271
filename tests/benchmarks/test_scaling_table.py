"""The table of scaling: each line is a process of its own."""

from __future__ import annotations

from figures import rows

from benchmarks.footprint import measure
from benchmarks.scaling import scaling
from benchmarks.workload import Pairs


def test_every_line_is_measured_apart() -> None:
    lines = rows(scaling([Pairs(1, 2)], row_batches=(), steps=2))
    assert lines[1][:3] == ["1 × 2", "2", "32"]
    assert float(lines[1][4]) == 2 / 2 + 2, "at a guidance of 1 the empty prediction cancels"
    assert float(lines[1][6]) >= float(lines[1][5]) > 50, "a process with torch in it takes more than 50 MB"


def test_a_small_row_batch_costs_the_same_rows() -> None:
    job = measure("ledits:birds:steps=2,rows=2", Pairs(1, 3))
    assert (job.edits, job.rows) == (3, 2 + 3 * 2)
    assert job.peak >= job.loaded > 0
