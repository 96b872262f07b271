"""The table of memory: every stage, in a process of its own, against what the logits take."""

from __future__ import annotations

from pathlib import Path

from figures import rows

from benchmarks.memory import memory
from benchmarks.workload import Pairs


def test_a_line_for_each_build_and_number_of_classes() -> None:
    found = rows(memory([(300, Pairs(2, 2))], before=Path(__file__).parents[2]))
    assert [line[:4] for line in found[1:]] == [
        ["this", "8", "10", "0.0"],
        ["this", "8", "300", "0.0"],
        ["before", "8", "10", "0.0"],
        ["before", "8", "300", "0.0"],
    ]
    for line in found[1:]:
        assert all(20 < int(cell.split()[0]) < 2000 for cell in line[4:])
        assert len(line[4:]) == 4
