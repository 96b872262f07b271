"""The tables of the profile, and the spans behind the first of them."""

from __future__ import annotations

import time

import pytest
from figures import numbers, rows

from benchmarks.profiling import profile
from benchmarks.spans import Spans
from benchmarks.workload import Pairs


def test_it_accounts_for_all_of_the_time() -> None:
    text = profile(Pairs(1, 1), ["steps=4"], rows=(1, 2), matrix=64, repeats=1)
    shares, throughput, operators = (rows(part) for part in text.split("\n\n")[:5:2])
    assert sum(float(line[2].rstrip("%")) for line in shares[1:-1]) == pytest.approx(100, abs=1)
    assert shares[1][0] == "U-Net"
    assert float(shares[1][1]) > 0
    assert [line[:2] for line in throughput[1:3]] == [["float32", "1"], ["float32", "2"]]
    assert len(throughput) == 5
    assert all(numbers(line) for line in throughput[1:] + operators[1:])


class Outer:
    def work(self) -> None:
        time.sleep(0.02)
        Inner().work()


class Inner:
    def work(self) -> None:
        time.sleep(0.05)


def test_a_span_is_charged_without_those_inside_it() -> None:
    original = Inner.work
    spans = Spans()
    with spans.around({"outer": (Outer, "work"), "inner": (Inner, "work")}):
        Outer().work()
    Outer().work()
    assert spans.seconds["inner"] >= 0.05
    assert spans.seconds["outer"] >= 0.02
    assert Inner.work is original, "what was wrapped is given back"
    with pytest.raises(RuntimeError), spans.span("broken"):
        raise RuntimeError
    assert "broken" in spans.seconds
