"""The benchmark's results as Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from benchmarks.markdown import table
from benchmarks.truth.coverage import DRAWS
from benchmarks.truth.exact import Exact
from benchmarks.truth.judging import Marks, mean_marks
from benchmarks.truth.methods import BEAM, DELTA
from benchmarks.truth.results import BASELINES, SEARCHES, Result
from diffex_cli.birds.panel.formulas import Formula
from diffex_cli.birds.panel.members import Member, Noise, Planted
from diffex_cli.core.hierarchy import Corpus

METHODS = (*SEARCHES, *BASELINES)
_UNKNOWN = "–"


def panel_table(members: Mapping[str, Member], missing: Sequence[str]) -> str:
    """Who was on the panel, and who is not trained yet."""
    rows = [
        (f"`{member.spec}`", member.kind, _made_of(member), member.target, "missing" if name in missing else "yes")
        for name, member in members.items()
    ]
    text = table(("classifier", "kind", "made of", "target", "judged"), rows)
    if missing:
        text += f"\n\n{len(missing)} of {len(members)} are not trained and were left out: `make train-panel`."
    return text


def results_table(results: Sequence[Result]) -> str:
    """The mean marks of every method, by editor."""
    return "\n\n".join(map(_editor_table, results))


def _editor_table(result: Result) -> str:
    means = {method: mean_marks([marks[method] for marks in result.marks.values()]) for method in METHODS}
    everything = means["exhaustive"].edits
    rows = [
        (
            f"`{method}`" if method in SEARCHES else method,
            _number(one.ndcg5, 3),
            _number(one.precision3, 2),
            _number(one.signs, 3),
            _number(one.spearman, 3),
            _share(one.planted),
            _share(one.pair),
            _share(one.false_positives),
            _share(one.coverage),
            f"{one.edits:.0f}" + (f" ({one.edits / everything:.2f})" if everything else ""),
            f"{one.joint_edits:.0f}",
        )
        for method, one in means.items()
    ]
    header = (
        "method", "nDCG@5", "precision@3", "signs", "Spearman", "planted on top", "best pair",
        "false positives on null", "coverage", "edits (share)", "joint edits",
    )  # fmt: skip
    planted, joint = (_count(result, lambda one: one.planted), _count(result, lambda one: one.pair))
    pairs = f"pairs on {result.joint_images} of them" if result.joint_images else "no joint phase"
    return (
        f"**`{result.editor}`**: {len(result.marks)} classifiers, {result.images} images, {pairs}, "
        f"B = {BEAM}, δ = {DELTA:g}.\n\n{table(header, rows)}\n\n"
        f"*Planted on top* is of the {planted} classifiers whose planted attribute is truly on top, *best pair* of the "
        f"{joint} where a pair truly does more than one attribute."
    )


def classifiers_table(results: Sequence[Result], corpus: Corpus) -> str:
    """What is true of every classifier, and the nDCG@5 of every method."""
    names = {node.id: node.name for node in corpus.walk()}
    sections = []
    for result in results:
        rows = [
            (
                f"`{name}`",
                *_true_best(result.exact[name], names),
                *(_number(marks[method].ndcg5, 3) for method in METHODS),
            )
            for name, marks in result.marks.items()
            if not math.isnan(marks["exhaustive"].ndcg5)
        ]
        header = ("classifier", "truly on top", "truly best pair", *METHODS)
        sections.append(f"**`{result.editor}`**, nDCG@5:\n\n{table(header, rows)}")
    return "\n\n".join(sections)


def coverage_table(results: Sequence[Result]) -> str:
    """How many of the 95 % intervals contain the exact effect."""
    rows = [
        (f"`{method}`", *(_ratio(pair) for pair in (one.ranked, one.strong, one.reported)))
        for result in results
        for method, one in result.coverage.items()
    ]
    header = ("method", "all values ranked", f"exact influence ≥ {DELTA:g}", "reported")
    return (
        table(header, rows)
        + f"\n\nEvery classifier on {DRAWS} samples of the images drawn with replacement, `render:birds`; in brackets "
        + "the number of intervals."
    )


def _made_of(member: Member) -> str:
    source = member.source
    if isinstance(source, Formula):
        return str(source).replace("|", " or ")
    if isinstance(source, Planted):
        ties = ", ".join(f"{label}: {value}" for label, value in zip(source.labels, source.values, strict=True))
        return f"{source.attribute} ({ties})"
    if isinstance(source, Noise):
        return f"normal noise, SD {source.scale:g}"
    return "random weights"


def _true_best(exact: Exact, names: Mapping[str, str]) -> tuple[str, str]:
    top = min(exact.effects, key=lambda id: (-abs(exact.effects[id]), id))
    single = f"{names[top]} {exact.effects[top]:+.2f}"
    if not exact.pairs:
        return single, _UNKNOWN
    pair = min(exact.pairs, key=lambda ids: (-abs(exact.pairs[ids]), sorted(ids)))
    return single, f"{' + '.join(names[id] for id in sorted(pair))} {exact.pairs[pair]:+.2f}"


def _count(result: Result, mark: Callable[[Marks], float]) -> int:
    return sum(not math.isnan(mark(marks["exhaustive"])) for marks in result.marks.values())


def _number(value: float, digits: int) -> str:
    return _UNKNOWN if math.isnan(value) else f"{value:.{digits}f}"


def _share(value: float) -> str:
    return _UNKNOWN if math.isnan(value) else f"{100 * value:.1f} %"


def _ratio(pair: Iterable[int]) -> str:
    right, count = pair
    return f"{100 * right / count:.1f} % ({count})" if count else _UNKNOWN
