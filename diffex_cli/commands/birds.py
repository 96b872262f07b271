"""``diffex birds``: what only the embedded domain can do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diffex_cli.commands.help import App
from diffex_cli.commands.options import Given, takes
from diffex_cli.commands.output import Output
from diffex_cli.core.columns import Column
from diffex_cli.core.errors import UsageError

app = App(help="The embedded domain, whose truth is known.", no_args_is_help=True)

_JudgedRun = Annotated[
    Path | None,
    typer.Option("--run", metavar="DIR", help="Judge the ranking of this run, on its images, for its target."),
]


@app.command("truth")
@takes("classifier", "target", "trust_run")
def truth(given: Given, *, run: _JudgedRun = None, output: Output) -> None:
    """Print the exact influence of every attribute, by re-rendering the birds instead of editing them."""
    from diffex_cli.artifacts.consent import Consent
    from diffex_cli.birds.judging import truth_of_run

    consent = None
    classifier, target = given.flags["classifier"], given.flags["target"]
    if run is None:
        if classifier is None:
            classifier = "birds:species"
    elif classifier is not None or target is not None:
        raise UsageError("--run names the classifier and the target itself: leave out --classifier and --target")
    else:
        consent = Consent.of(given.settings(run=run))
    verdict = truth_of_run(run, classifier, target, consent)
    rows, agreement = verdict.rows, verdict.agreement
    output.table(
        {"classifier": verdict.classifier, "target": rows[0].target, "rows": rows, "agreement": agreement},
        [
            Column("rank", right=True),
            Column("attribute"),
            Column("exact effect", right=True),
            Column("found", right=True),
            Column("n", right=True),
        ],
        [
            (
                str(row.rank),
                row.name,
                f"{row.effect:+.3f}",
                f"{verdict.found[row.candidate]:+.3f}" if row.candidate in verdict.found else "–",
                str(row.n),
            )
            for row in rows
        ],
        quiet="\n".join(f"{row.candidate}\t{row.effect:+.6g}" for row in rows),
    )
    if agreement is not None:
        output.say(
            f"nDCG@5 {agreement.ndcg5:.3f}, Spearman {agreement.spearman:.3f}, right signs {agreement.signs:.0%}; "
            f"on top: {agreement.top}, truly: {agreement.true_top}"
        )
