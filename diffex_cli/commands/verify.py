"""``diffex verify``: what the pictures show."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffex_cli.commands.options import CONFIG, DryRun, Given, ShardOption, takes
from diffex_cli.commands.output import Output
from diffex_cli.commands.running import print_plan, run_stage, spending_text
from diffex_cli.core.errors import UsageError
from diffex_cli.core.settings import PAID

if TYPE_CHECKING:
    from diffex_cli.study.review.answering import ReviewSummary

_REVIEW = "How to check the verifier"
_TESTED = {
    "passed": "It passed its test.",
    "failed": "It failed its test.",
    "undecided": "Its test could not be decided.",
}


@dataclasses.dataclass(frozen=True, slots=True)
class _Review:
    """What review is wanted."""

    review: Annotated[
        bool,
        typer.Option(
            "--review",
            help="Write a page that asks people about some of its readings; with FILES, take in what it saved.",
            rich_help_panel=_REVIEW,
        ),
    ] = False
    terminal: Annotated[
        bool,
        typer.Option(
            "--terminal", help="Ask here instead of on a page, naming the pictures' files.", rich_help_panel=_REVIEW
        ),
    ] = False
    readings: Annotated[
        int | None,
        typer.Option(
            "--readings",
            min=1,
            metavar="N",
            help="How many readings to ask about (default: 36).",
            rich_help_panel=_REVIEW,
        ),
    ] = None

    def check(self, files: list[Path] | None, *, dry_run: bool, shard: str | None) -> None:
        """Complain about what does not go together."""
        if not self.review:
            for name, value in {"FILES": files, "--terminal": self.terminal, "--readings": self.readings}.items():
                if value:
                    raise UsageError(f"{name} belongs to --review: add that, or leave {name} out")
            return
        if shard is not None:
            raise UsageError("--shard shares out what a verifier looks at, and --review asks a person: leave one out")
        if dry_run:
            raise UsageError(
                "--dry-run tells how much a verifier has to look at, and --review asks a person: leave one out"
            )
        if files and (self.terminal or self.readings):
            raise UsageError("FILES hold answers that were given: leave out --terminal and --readings")


@takes(
    *("verifier", "protect", "any_verifier", "review_precision", "review_recall", "editor"),
    *PAID,
    *("run", CONFIG, "seed", "device", "trust_run", "verify_files"),
)
def verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILES]", help="With --review: answers, as the page saved them.", show_default=False),
    ] = None,
    *,
    review: _Review,
    given: Given,
    shard: ShardOption = None,
    dry_run: DryRun = False,
    output: Output,
) -> None:
    """Ask a verifier which attributes can be seen in the originals and in all edits.

    Optional: `diffex search` asks for what it lacks. Every reading is kept, so that nothing is asked twice; another
    verifier's readings stay beside it. `--review` has people check some of them, who do not see what it said.
    """
    review.check(files, dry_run=dry_run, shard=shard)
    if review.review:
        _print_review(output, _reviewed(review, files or [], given))
        return
    settings = given.settings("editor")
    from diffex_cli.measure import verify as stage
    from diffex_cli.measure.sharding import parse_shard

    part = None if shard is None else parse_shard(shard)
    if dry_run:
        print_plan(output, stage.plan(settings, shard=part))
        return
    summary = run_stage(output, lambda progress: stage.run(settings, progress, shard=part))
    if summary.seen == 0:
        text = f"Nothing to do: {settings.verifier} has looked at all {summary.needed} pictures."
    else:
        text = (
            f"{settings.verifier} looked at {summary.seen} pictures for {summary.attributes} attributes, "
            f"{summary.cached} of {summary.needed} were looked at before."
        )
    if summary.spending is not None:
        text += f"\n{spending_text(summary.spending)}"
    if summary.test is not None:
        text += f" {_TESTED[summary.test]}"
    output.result(summary, text, quiet=str(summary.seen))


def _reviewed(review: _Review, files: list[Path], given: Given) -> ReviewSummary:
    from diffex_cli.study.review import answering, making

    if files:
        return answering.take_in(given.settings(), files)
    settings = given.settings("editor")
    if review.terminal:
        return making.ask_here(settings, Output().note, _hear, review.readings)
    return making.make_page(settings, review.readings)


def _print_review(output: Output, summary: ReviewSummary) -> None:
    output.warnings(summary.warnings)
    lines = list(summary.sentences)
    if summary.page is not None:
        lines += [
            f"{summary.readings} readings of {summary.verifier} for people to check: {summary.page}",
            "Give them this page only, and read what it saves with `diffex verify --review FILE`; what the verifier "
            f"said is in {summary.kept}.",
        ]
    figures = (summary.precision.value, summary.recall.value, summary.kappa)
    quiet = str(summary.page) if summary.page else "\t".join(f"{figure:.6g}" for figure in figures)
    output.result(summary, "\n".join(lines) or "Nobody has answered yet.", quiet=quiet)


def _hear(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        sys.stderr.write("\n")
        raise EOFError
    return line
