"""``diffex check``: a gate for a release."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffex_cli.commands.options import takes
from diffex_cli.commands.output import Output
from diffex_cli.core.errors import GateError
from diffex_cli.core.printable import printable
from diffex_cli.core.settings import WORK

if TYPE_CHECKING:
    from diffex_cli.comparison.check import CheckSummary

_RULES = "What must hold"


@dataclasses.dataclass(frozen=True, slots=True)
class _Gate:
    """A run and what must hold of it."""

    run: Annotated[Path, typer.Argument(metavar="RUN", help="A finished run.")]
    maxima: Annotated[
        list[str] | None,
        typer.Option(
            "--max",
            metavar="NAME=LIMIT",
            help="The most that an attribute may change the target's logit, up or down; may be repeated.",
            rich_help_panel=_RULES,
        ),
    ] = None
    forbid: Annotated[
        list[str] | None,
        typer.Option(
            "--forbid",
            metavar="NAME",
            help="An attribute that, like all below it, must change nothing beyond δ and the noise floor; "
            "may be repeated.",
            rich_help_panel=_RULES,
        ),
    ] = None
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="RUN",
            help="An earlier run of the same target: no attribute's influence may have grown by more than δ.",
            rich_help_panel=_RULES,
        ),
    ] = None
    rules: Annotated[
        Path | None,
        typer.Option(
            "--rules",
            metavar="FILE.yaml",
            help="More rules: max, a mapping of NAME: LIMIT; forbid, a list of NAMEs.",
            rich_help_panel=_RULES,
        ),
    ] = None
    target: Annotated[
        str | None,
        typer.Option(
            "--target",
            metavar="LABEL",
            help="The class whose result to judge (default: the last search's).",
            rich_help_panel=_RULES,
        ),
    ] = None
    strict: Annotated[bool, typer.Option("--strict", help="Undecided rules fail too.", rich_help_panel=_RULES)] = False
    allow_undecided: Annotated[
        bool,
        typer.Option(
            "--allow-undecided",
            help="Pass a rule even if the run did not measure what it names.",
            rich_help_panel=_RULES,
        ),
    ] = False
    junit: Annotated[
        Path | None,
        typer.Option(
            "--junit", metavar="FILE.xml", dir_okay=False, help="Write a test report for CI.", rich_help_panel=WORK
        ),
    ] = None


@takes()
def check(gate: _Gate, output: Output) -> None:
    """Fail with exit code 4 if a classifier depends on an attribute more than it may.

    The 95 % interval decides, not the measured effect: a rule fails if the whole interval is beyond its limit, passes
    if none of it is, and is undecided otherwise. A rule also fails if the run did not measure what it names. NAME is
    an attribute's id, name or prompt. Reads files only; loads no model.
    """
    from diffex_cli.comparison.check import check as stage
    from diffex_cli.comparison.rules import from_file, from_options

    rules = from_options(gate.maxima or [], gate.forbid or [])
    more = from_file(gate.rules) if gate.rules is not None else ()
    summary = stage(gate.run, [*rules, *more], gate.against, gate.strict, gate.allow_undecided, gate.target)
    if gate.junit is not None:
        from diffex_cli.comparison.junit import write_junit

        write_junit(summary, gate.junit)
    output.warnings(summary.warnings)
    output.result(
        summary,
        _text(summary),
        quiet="\n".join(f"{result.verdict}\t{printable(result.rule)}" for result in summary.results),
    )
    if not summary.passed:
        raise GateError(_failure(summary))


def _text(summary: CheckSummary) -> str:
    lines = []
    for result in summary.results:
        lines.append(f"{result.verdict.upper()}  {printable(result.rule)}")
        lines += [f"    {printable(reason)}" for reason in result.reasons]
    undecided = sum(result.verdict == "undecided" for result in summary.results)
    if summary.passed and undecided:
        lines.append(f"The check passed, but {undecided} of {len(summary.results)} rules are undecided.")
    elif summary.passed:
        lines.append("The check passed.")
    return "\n".join(lines)


def _failure(summary: CheckSummary) -> str:
    failing = ("fail", "undecided") if summary.strict else ("fail",)
    failed = [result for result in summary.results if result.verdict in failing]
    broken = [result.rule for result in failed if not result.unmeasured]
    unmeasured = [result.rule for result in failed if result.unmeasured]
    many = len(summary.results)
    told = []
    if broken:
        told.append(f"{summary.name or summary.classifier} broke {len(broken)} of {many} rules ({', '.join(broken)})")
    if unmeasured:
        told.append(f"{len(unmeasured)} of {many} rules could not be measured ({', '.join(unmeasured)})")
    return f"the check of {summary.run} failed: {', and '.join(told)}"
