"""``diffex compare``: what changed from one run to another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffex_cli.commands.options import takes
from diffex_cli.commands.output import Output
from diffex_cli.core.columns import Column

if TYPE_CHECKING:
    from diffex_cli.comparison.compare import Comparison
    from diffex_cli.comparison.differences import Change

_COLUMNS = (
    Column("attribute"),
    Column("first", right=True),
    Column("second", right=True),
    Column("difference", right=True),
    Column("95 % interval", right=True),
    Column("n", right=True),
    Column("how"),
)


@takes()
def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN RUN…", help="Finished runs; each is compared with the first.")
    ],
    *,
    target: Annotated[
        str | None,
        typer.Option(
            "--target", metavar="LABEL", help="The class whose results to compare (default: the last searches')."
        ),
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, metavar="K", help="How many places count in nDCG@K.")] = 5,
    everything: Annotated[
        bool, typer.Option("--all", help="List every attribute that both runs measured, not only the changed ones.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html", metavar="FILE", dir_okay=False, help="Also write the comparison as a page with pictures."
        ),
    ] = None,
    output: Output,
) -> None:
    """Compare the rankings and the corpora of finished runs. Reads files only, loads no model, writes only FILE.

    Attributes are matched by id. Differences are taken image by image where the runs share images.
    """
    from diffex_cli.comparison.compare import compare as stage

    summary = stage(runs, top, target)
    output.warnings(summary.warnings)
    if html is not None:
        from diffex_cli.comparison.versus import write_page

        write_page(summary, html)
        output.note(f"The comparison as a page: {html}")
    if output.json or output.quiet:
        output.result(
            {
                "runs": summary.runs,
                "top": summary.top,
                "comparisons": summary.comparisons,
                "warnings": summary.warnings,
                "html": html,
            },
            "",
            quiet="\n".join(map(_quiet, summary.comparisons)),
        )
        return
    named = {run.run: f"{run.facts['name']}, {run.run}" for run in summary.runs if run.facts["name"]}
    for comparison in summary.comparisons:
        first, second = (named.get(path, str(path)) for path in (comparison.first, comparison.second))
        output.say(f"{second} (second) against {first} (first)")
        _print(output, comparison, top, everything)


def _quiet(one: Comparison) -> str:
    ranks = one.rankings
    figures = (ranks.ndcg, ranks.ndcg_back, ranks.spearman, one.corpora.iou)
    changed = sum(change.changed for change in ranks.changes)
    return "\t".join([str(one.second), *(f"{figure:.6g}" for figure in figures), str(changed)])


def _print(output: Output, one: Comparison, top: int, everything: bool) -> None:
    from diffex_cli.report.numbers import MISSING, finite

    ranks, corpora = one.rankings, one.corpora
    for distinction in one.distinctions:
        output.say(f"  {distinction.what}: {distinction.first} → {distinction.second}")
    if not one.distinctions:
        output.say("  the same classifier, target, editor, corpus, images and search")
    for caution in one.cautions:
        output.say(f"  {caution}")
    changed = [change for change in ranks.changes if change.changed]
    shown = ranks.changes if everything else tuple(changed)
    same_unit = all(distinction.what != "scale" for distinction in one.distinctions)
    if shown and same_unit:
        output.table({}, _COLUMNS, [_cells(change) for change in shown])
    correlation = f"{ranks.spearman:.3f}" if finite(ranks.spearman) else MISSING
    output.say(
        f"nDCG@{top} {ranks.ndcg:.3f} (the first as truth), {ranks.ndcg_back:.3f} (the second); "
        f"Spearman {correlation} over {ranks.shared} attributes that both measured; "
        f"{len(ranks.only_first)} only the first did, {len(ranks.only_second)} only the second."
    )
    output.say(f"Shown to matter in the second only: {_list(ranks.entered)}; in the first only: {_list(ranks.left)}.")
    if same_unit:
        output.say(_changes(len(changed), ranks.shared))
    output.say(
        f"Corpora: IoU {corpora.iou:.3f}, {corpora.shared} names shared, {len(corpora.only_first)} only in the first, "
        f"{len(corpora.only_second)} only in the second."
    )


def _changes(changed: int, shared: int) -> str:
    if not shared:
        return "No attribute was measured by both."
    return (
        f"Changed: {changed} of {shared}, by 95 % intervals that are not corrected for their number: "
        f"about {0.05 * shared:.1f} would be expected without any change."
    )


def _cells(change: Change) -> tuple[str, ...]:
    from diffex_cli.report.numbers import interval, signed

    between = change.difference
    return (
        change.candidate,
        signed(change.first),
        signed(change.second),
        signed(between.value),
        interval(between.low, between.high),
        str(between.n),
        "no interval" if between.method == "none" else between.method,
    )


def _list(ids: tuple[str, ...]) -> str:
    return ", ".join(ids) if ids else "none"
