"""The page of ``diffex compare``: the comparison, with the figures and pictures of both runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from diffex_cli.artifacts.files import write_text
from diffex_cli.comparison.compare import CompareSummary, Comparison, RunFacts
from diffex_cli.comparison.data import Compared, Estimate, Fact, OneSided, Scored, Versus
from diffex_cli.comparison.differences import Change
from diffex_cli.comparison.page import page
from diffex_cli.core.registry import short_spec
from diffex_cli.report import choose, facts
from diffex_cli.report.data import Pair, ReportData, Row
from diffex_cli.report.facts import standing
from diffex_cli.report.publication.words import claimed
from diffex_cli.report.reading import report_data

PICTURED = 8
"""Attributes shown in pictures: the largest changes, or, where nothing changed, the largest differences."""
_FACTS = (
    "name",
    "classifier",
    "target",
    "editor",
    "attributes",
    "images",
    "algorithm",
    "beam",
    "delta",
    "max_depth",
    "scale",
)


def write_page(summary: CompareSummary, file: Path) -> None:
    """Write the comparison as a self-contained page."""
    data = {run.result: report_data(run) for run in summary.finished}
    told = {run.run: run for run in summary.runs}
    found = tuple(
        _versus(one, told[one.first], told[one.second], data[one.first], data[one.second], summary.top)
        for one in summary.comparisons
    )
    write_text(file, page(found, tuple(dict.fromkeys(summary.warnings))))


def _versus(
    one: Comparison, first: RunFacts, second: RunFacts, before: ReportData, after: ReportData, top: int
) -> Versus:
    rows = {row.candidate: row for row in before.rows}, {row.candidate: row for row in after.rows}
    names = {row.candidate: row.name for row in (*before.rows, *after.rows)}
    ranks = one.rankings
    first_claims, second_claims = _claimed(before), _claimed(after)
    same_unit = all(distinction.what != "scale" for distinction in one.distinctions)
    pictured = [change for change in ranks.changes if change.changed] or list(ranks.changes)
    shots = {change.candidate: tuple(_shots(change, rows, before, after)) for change in pictured[:PICTURED]}
    floors = tuple(floor.value if floor else None for floor in (facts.noise_floor(before), facts.noise_floor(after)))
    short = _short(one, first, second)
    return Versus(
        first=str(one.first),
        second=str(one.second),
        first_short=short[0],
        second_short=short[1],
        facts=tuple(_facts(one, first, second)),
        cautions=one.cautions,
        same_unit=same_unit,
        unit=after.unit,
        floors=(floors[0], floors[1]),
        top=top,
        ndcg=ranks.ndcg,
        ndcg_back=ranks.ndcg_back,
        spearman=ranks.spearman,
        corpora_iou=one.corpora.iou,
        changes=tuple(
            _compared(change, rows, before, after, shots.get(change.candidate, ())) for change in ranks.changes
        ),
        one_sided=tuple(_one_sided(ranks.only_first, ranks.only_second, before, after)),
        both_claim=_named([id for id in first_claims if id in second_claims], names),
        first_claims=_named([id for id in first_claims if id not in second_claims], names),
        second_claims=_named([id for id in second_claims if id not in first_claims], names),
        only_first=_named(ranks.only_first, names),
        only_second=_named(ranks.only_second, names),
        corpus_only_first=one.corpora.only_first,
        corpus_only_second=one.corpora.only_second,
    )


def _short(one: Comparison, first: RunFacts, second: RunFacts) -> tuple[str, str]:
    """What tells the two runs apart: the names of their classifiers, the classifiers, target or editor; else their
    folders."""
    differ = {distinction.what for distinction in one.distinctions}
    names = [str(run.facts["name"] or short_spec(str(run.facts["classifier"]))) for run in (first, second)]
    if names[0] != names[1]:
        return names[0], names[1]
    for what in ("classifier", "target", "editor"):
        a, b = str(first.facts[what]), str(second.facts[what])
        if what in differ and a != b:
            return a, b
    return str(one.first), str(one.second)


def _facts(one: Comparison, first: RunFacts, second: RunFacts) -> Iterator[Fact]:
    """All that was searched and how; then in what else the two differ."""
    differ = {distinction.what: distinction for distinction in one.distinctions}
    for what in (*_FACTS, "seed"):
        if what in differ:
            yield Fact(what, differ[what].first, differ[what].second, True)
            continue
        values = first.facts[what], second.facts[what]
        if what == "name" and values == (None, None):
            continue
        told = tuple("none" if value is None else str(value) for value in values)
        yield Fact(what, told[0], told[1], values[0] != values[1])
    for what, distinction in differ.items():
        if what not in (*_FACTS, "seed"):
            yield Fact(what, distinction.first, distinction.second, True)


def _compared(
    change: Change,
    rows: tuple[Mapping[str, Row], Mapping[str, Row]],
    before: ReportData,
    after: ReportData,
    shots: tuple[Scored, ...],
) -> Compared:
    between = change.difference
    return Compared(
        candidate=change.candidate,
        name=change.name,
        first=_estimate(rows[0][change.candidate], before),
        second=_estimate(rows[1][change.candidate], after),
        difference=between.value,
        low=between.low,
        high=between.high,
        n=between.n,
        method="no interval" if between.method == "none" else between.method,
        changed=change.changed,
        shots=shots,
    )


def _estimate(row: Row, data: ReportData) -> Estimate:
    return Estimate(row.rank, row.effect, row.low, row.high, row.n, standing(row), claimed(row))


def _one_sided(
    first: tuple[str, ...], second: tuple[str, ...], before: ReportData, after: ReportData
) -> Iterator[OneSided]:
    """What one run claims and the other did not measure, the strongest first; the leading ones with pictures."""
    found = [
        (data, name, row)
        for name, data, ids in (("first", before, set(first)), ("second", after, set(second)))
        for row in data.rows
        if row.candidate in ids and claimed(row)
    ]
    found.sort(key=lambda one: (-one[2].influence, one[2].candidate))
    for number, (data, name, row) in enumerate(found):
        estimate = _estimate(row, data)
        pair = _typical(data, row) if number < PICTURED // 2 else None
        shots = (
            (
                Scored(pair.original.file, False, ((name, pair.original.probability),)),
                Scored(pair.edited.file, True, ((name, pair.edited.probability),)),
            )
            if pair
            else ()
        )
        only_first = name == "first"
        yield OneSided(
            row.candidate, row.name, estimate if only_first else None, None if only_first else estimate, shots
        )


def _typical(data: ReportData, row: Row) -> Pair | None:
    pairs = choose.measured_pairs(data, row)
    return min(pairs, key=lambda pair: (abs(pair.delta - row.effect), pair.image), default=None)


def _shots(
    change: Change, rows: tuple[Mapping[str, Row], Mapping[str, Row]], before: ReportData, after: ReportData
) -> Iterator[Scored]:
    """The typical pairs: of one image that both runs have, if there is one; else each run's own."""
    first = {pair.image: pair for pair in choose.measured_pairs(before, rows[0][change.candidate])}
    second = {pair.image: pair for pair in choose.measured_pairs(after, rows[1][change.candidate])}

    def distance(image: str) -> tuple[float, str]:
        apart = [abs(pairs[image].delta - effect) for pairs, effect in both if image in pairs]
        return sum(apart), image

    both = (first, change.first), (second, change.second)
    shared = min(first.keys() & second.keys(), key=distance, default=None)
    chosen: list[tuple[str, Pair]] = []
    for run, data, row, pairs in (("first", before, rows[0], first), ("second", after, rows[1], second)):
        pair = _typical(data, row[change.candidate]) if shared is None else pairs[shared]
        if pair is not None:
            chosen.append((run, pair))
    for run, pair in chosen:
        yield Scored(pair.original.file, False, ((run, pair.original.probability),))
    for run, pair in chosen:
        yield Scored(pair.edited.file, True, ((run, pair.edited.probability),))


def _claimed(data: ReportData) -> list[str]:
    """Ids of what was shown to matter, the strongest first."""
    return [row.candidate for row in facts.ranked(data.rows) if claimed(row)]


def _named(ids: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(names.get(id, id) for id in ids)
