"""The stage ``search``: scores in, the attributes that matter out, by asking for what is missing on the way."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Any

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.corpus.hierarchy import Node
from diffex_cli.errors import IncompleteError, UsageError
from diffex_cli.search.algorithms import Evaluation, Level, Trace, search
from diffex_cli.settings import Settings
from diffex_cli.stages import plan as plans
from diffex_cli.stages.bench import Bench, locked_bench
from diffex_cli.stages.evaluation import Evaluator
from diffex_cli.stages.progress import Progress
from diffex_cli.stages.record import record
from diffex_cli.stages.tally import tally


@dataclasses.dataclass(frozen=True, slots=True)
class SearchSummary:
    """What the stage found.

    Attributes:
        target: the class that is explained.
        ranking: all candidates that were evaluated, the most influential first.
        best: id of the most influential one that was kept; ``None`` if none was.
        levels: how many levels of the hierarchy were searched.
        edits: how many edits that took.
        made: how many of them were made now.
        no_ops: how many of all of them changed nothing.
        failed: how many of all of them failed: their images are left out of those attributes' effects.
        failure: the reason that most of those gave; ``None`` if none failed.
        up_to_date: the same ranking was there already.
        warnings: sentences about files that were left out.
    """

    target: str
    ranking: tuple[RankingRow, ...]
    best: str | None
    levels: int
    edits: int
    made: int
    no_ops: int
    failed: int
    failure: str | None
    up_to_date: bool
    warnings: tuple[str, ...]


def run(settings: Settings, progress: Progress, fill: bool = True) -> SearchSummary:
    """Search the hierarchy.

    Args:
        settings: as resolved.
        progress: hears of the tasks ``edit`` and ``score``, and of each level.
        fill: make the edits and scores that are missing. Otherwise touch no model: write the edits to
            ``requests.parquet`` and give up for now.

    Raises:
        IncompleteError: there is no corpus yet; or something is missing and is not to be made.
        UsageError: the classifier has no class of the target's name.
    """
    with locked_bench("search", settings) as bench:
        evaluator = Evaluator(bench, progress, fill)
        # complain before anything is remembered
        _ = bench.corpus, bench.editor, bench.classifier, bench.images, bench.perception
        record(bench.run, "search", settings)
        trace = search(
            bench.corpus,
            evaluator,
            algorithm=settings.algorithm,
            beam=settings.beam,
            delta=settings.delta,
            max_depth=settings.max_depth,
            on_level=lambda level: progress.note(_level_note(level)),
        )
        ranking = _ranking(trace, evaluator)
        up_to_date = not _write(bench, trace, evaluator.target, ranking)
        if fill:
            bench.run.edit_parts.merge(provenance("search", {}))
            bench.run.score_parts.merge(provenance("search", {}))
        edits = tally(evaluator.edits)
        return SearchSummary(
            target=evaluator.target,
            ranking=ranking,
            best=None if trace.best is None else trace.best.effect.candidate_id,
            levels=len(trace.levels),
            edits=evaluator.needed,
            made=evaluator.made,
            no_ops=edits.no_ops,
            failed=edits.failed,
            failure=edits.failure,
            up_to_date=up_to_date,
            warnings=bench.run.warnings,
        )


def plan(settings: Settings) -> plans.Plan:
    """What :func:`run` would do: for certain the root level, at most all nodes."""
    bench = Bench(settings)
    everything = list(_nodes(bench.corpus.roots, settings.max_depth))
    return plans.edits("search", bench, bench.requests(bench.corpus.roots), bench.requests(everything))


def _nodes(nodes: Sequence[Node], depth: int | None) -> Iterator[Node]:
    """These nodes and those at most ``depth`` levels below them."""
    for node in nodes:
        yield node
        if depth is None or depth > 0:
            yield from _nodes(node.children, None if depth is None else depth - 1)


def _level_note(level: Level) -> str:
    kept = sum(evaluation.status == "kept" for evaluation in level.evaluations)
    return f"level {level.depth + 1}: {len(level.evaluations)} attributes, {kept} kept"


def _ranking(trace: Trace, evaluator: Evaluator) -> tuple[RankingRow, ...]:
    return tuple(
        RankingRow(
            rank=rank,
            candidate=one.effect.candidate_id,
            name=one.node.name,
            target=evaluator.target,
            effect=one.effect.effect,
            influence=one.effect.influence,
            low=one.effect.low,
            high=one.effect.high,
            n=one.effect.n,
            depth=one.depth,
            group=bool(one.node.children),
            placebo=one.node.placebo,
            status=one.status,
            reason=one.reason,
            effect_original=evaluator.effect_original(one.node.candidate),
        )
        for rank, one in enumerate(trace.ranking, start=1)
    )


def _write(bench: Bench, trace: Trace, target: str, ranking: Sequence[RankingRow]) -> bool:
    """Write ``search.yaml`` and ``ranking.parquet``, unless they say the same already; returns whether it did."""
    settings = bench.settings
    content: dict[str, Any] = {
        "target": target,
        "best": None if trace.best is None else trace.best.effect.candidate_id,
        "images": len(bench.images),
        "algorithm": trace.algorithm,
        "beam": trace.beam,
        "delta": trace.delta,
        "max_depth": trace.max_depth,
        "seed": settings.seed,
        "editor": {"spec": settings.editor, "fingerprint": bench.editor_fingerprint},
        "classifier": {"spec": settings.classifier, "fingerprint": bench.classifier.fingerprint},
        "levels": [
            {"depth": level.depth, "candidates": [_entry(one) for one in level.evaluations]} for level in trace.levels
        ],
    }
    if _same(bench.run, content, ranking):
        return False
    made = provenance("search", {name: value for name, value in settings.values().items() if name != "run"})
    bench.run.write_search({"provenance": made, **content})
    bench.run.write_ranking(ranking, made)
    return True


def _entry(one: Evaluation) -> dict[str, object]:
    """One evaluation as plain values; a figure that is not known is null."""
    effect = one.effect
    figures = {
        "effect": effect.effect,
        "influence": effect.influence,
        "reach": effect.reach,
        "low": effect.low,
        "high": effect.high,
    }
    return {
        "candidate": effect.candidate_id,
        "name": one.node.name,
        "parent": one.parent,
        **{name: None if math.isnan(value) else value for name, value in figures.items()},
        "n": effect.n,
        "status": one.status,
        "expanded": one.expanded,
        "reason": one.reason,
    }


def _same(run: RunDirectory, content: dict[str, Any], ranking: Sequence[RankingRow]) -> bool:
    try:
        old = run.search()
        # by text: NaN is not equal to itself
        return repr(run.ranking()) == repr(tuple(ranking)) and all(old.get(key) == content[key] for key in content)
    except (IncompleteError, UsageError):
        return False
