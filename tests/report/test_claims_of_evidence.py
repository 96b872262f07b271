"""From the changes of single pictures to the three lists: complete, without overlap, and blind to order and sign."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.report.claims import claims, with_claims
from diffex_cli.report.data import ReportData
from diffex_cli.search.statistics.intervals import mean_interval
from diffex_cli.search.statistics.verdict import Tried, significance_of

IDS = ("a", "a/b", "a/b/c", "a/d", "-e", "f")
SETS = {"a/d + f": ["a/d", "f"]}
PLACEBO = "p"
DELTA = 0.1
Deltas = Mapping[str, NDArray[np.float64]]


def judged(deltas: Deltas, order: list[str]) -> ReportData:
    """What a search makes of the changes: candidate → Δ of every image."""
    known = {id: deltas[id] for id in order}
    verdict = significance_of(
        Tried(known, [PLACEBO], kept=order, sets={id: parts for id, parts in SETS.items() if id in known}), delta=DELTA
    )
    rows = []
    for id in order:
        interval, p = mean_interval(known[id]), verdict.p_values.get(id)
        influence = abs(interval.mean)
        row = RankingRow(
            rank=0,
            candidate=id,
            name=id,
            target="x",
            effect=interval.mean,
            influence=influence,
            low=interval.low,
            high=interval.high,
            n=interval.n,
            depth=id.count("/"),
            group=False,
            placebo=id == PLACEBO,
            status="kept" if len(id) % 2 else "dropped",
            reason="",
            effect_original=math.nan,
            p_corrected=None if p is None else p.corrected,
            below_floor=verdict.below_floor(influence),
        )
        rows.append(row)
    by_strength = sorted(rows, key=lambda row: (math.isnan(row.influence), -row.influence, row.candidate))
    ranked = [dataclasses.replace(row, rank=rank) for rank, row in enumerate(by_strength, 1)]
    corpus = Corpus("shapes", (Node("a", "a", "a"),))
    return ReportData("shapes", "x", "c", "e", DELTA, 12, corpus, with_claims(ranked, DELTA))


def lists(data: ReportData) -> dict[str, list[str]]:
    told = claims(data)
    return {
        "matters": [one.row.candidate for one in told.matters],
        "because": [row.candidate for one in told.matters for row in one.because],
        "undecided": [row.candidate for row in told.undecided],
        "small": [row.candidate for row in told.small],
    }


@st.composite
def changes(draw: st.DrawFn) -> Deltas:
    """Effects from nothing to many δ, with failed edits, also of every image."""
    n = draw(st.sampled_from([1, 4, 8, 20]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    found = {}
    for id in (*IDS, *SETS, PLACEBO):
        mean = draw(st.sampled_from([0.0, 0.05, -0.1, 0.4, -2.0, 2.0]))
        spread = draw(st.sampled_from([0.0, 0.01, 0.5]))
        values = random.normal(mean, spread, n)
        values[random.random(n) < draw(st.sampled_from([0.0, 0.2, 1.0]))] = math.nan
        found[id] = values
    return found


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=30, deadline=None)
@given(deltas=changes(), data=st.data())
def test_every_measured_attribute_is_in_one_list_whatever_the_order(deltas: Deltas, data: st.DataObject) -> None:
    told = lists(judged(deltas, [*deltas]))
    everything = [id for ids in told.values() for id in ids]
    assert len(everything) == len(set(everything))
    assert set(everything) == {id for id in IDS if not np.isnan(deltas[id]).all()}
    order = data.draw(st.permutations(list(deltas)))
    images = np.array(data.draw(st.permutations(range(len(deltas["a"])))))
    assert lists(judged({id: values[images] for id, values in deltas.items()}, order)) == told


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=20, deadline=None)
@given(deltas=changes())
def test_what_speaks_for_one_of_two_classes_speaks_against_the_other(deltas: Deltas) -> None:
    first = judged(deltas, [*deltas])
    second = judged({id: -values for id, values in deltas.items()}, [*deltas])
    assert lists(first) == lists(second)
    for one, other in zip(first.rows, second.rows, strict=True):
        assert (one.candidate, one.p_corrected, one.claim) == (other.candidate, other.p_corrected, other.claim)
        assert repr((one.effect + 0.0, one.low + 0.0, one.high + 0.0)) == repr(
            (-other.effect + 0.0, -other.high + 0.0, -other.low + 0.0)
        )
