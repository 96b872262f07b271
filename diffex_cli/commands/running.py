"""What the five stages' commands have in common: run with progress bars, warn, tell a plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, TypeVar

from diffex_cli.commands.output import Output
from diffex_cli.commands.progress import TerminalProgress

if TYPE_CHECKING:
    from diffex_cli.language_models.costs import Spending
    from diffex_cli.language_models.rehearsal import Estimate
    from diffex_cli.measure.plan import Plan


class Summary(Protocol):
    """What every stage's summary has."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about files that were left out."""
        ...


S = TypeVar("S", bound=Summary)


def run_stage(output: Output, stage: Callable[[TerminalProgress], S], *, warn: bool = True) -> S:
    """Run a stage with progress bars, print its warnings unless they are to come later, return its summary."""
    with TerminalProgress(quiet=output.quiet) as progress:
        summary = stage(progress)
    if warn:
        output.warnings(summary.warnings)
    return summary


def print_plan(output: Output, plan: Plan, more: Mapping[str, object] | None = None, text: str = "") -> None:
    """Print what ``--dry-run`` found; ``more`` keys for ``--json`` and a further sentence for people."""
    text = text or estimate_text(plan.questions)
    output.result(
        {**dataclasses.asdict(plan), **(more or {})}, f"{_sentence(plan)} {text}".strip(), quiet=str(plan.to_do)
    )


def _sentence(plan: Plan) -> str:
    if plan.to_do_at_most == 0:
        return f"Nothing to do: all {plan.needed} {plan.unit} are there."
    text = f"{plan.to_do} {plan.unit} to do, {plan.cached} of {plan.needed} cached"
    if plan.seconds is not None:
        text += f"; about {duration(plan.seconds)} at {plan.seconds_per_edit:.2g} s an edit"
    if plan.to_do_at_most > plan.to_do:
        text += f"; at most {plan.to_do_at_most}"
        if plan.seconds_at_most is not None:
            text += f" ({duration(plan.seconds_at_most)})"
        text += ", depending on what the search finds"
    if plan.seconds is None and plan.unit == "edits":
        text += "; how long one takes was not measured yet"
    if plan.expected is not None and plan.to_do_at_most > plan.to_do:
        text += f"; expect about {plan.expected} in all"
        if plan.screening is not None:
            text += f", {plan.screening} of them for the screening"
    return text + "."


def failures(failed: int, of: int, reason: str | None) -> str:
    """A sentence about edits that failed, and the reason that most of them gave."""
    return f"{failed} of {of} edits failed, most often because: {reason}."


def duration(seconds: float) -> str:
    """A time for people: ``"45 s"``, ``"12 min"``, ``"3.5 h"``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def print_estimate(output: Output, estimate: Estimate) -> None:
    """Print what ``--dry-run`` of a command found that only asks language models."""
    output.result(estimate, estimate_text(estimate), quiet=str(estimate.questions))


def estimate_text(estimate: Estimate | None) -> str:
    """A sentence about questions that may be asked; empty if none may."""
    if estimate is None:
        return ""
    return (
        f"About {estimate.questions} questions to a language model ({estimate.kept} more are answered already): "
        f"{estimate.input_tokens:,} tokens in, {estimate.output_tokens:,} out, {_dollars(estimate.cost)}."
    )


def spending_text(spending: Spending) -> str:
    """A sentence about questions that were asked."""
    text = f"{spending.questions} questions answered, {spending.kept} more kept from before"
    if spending.unanswered:
        text += f", {spending.unanswered} left open"
    tokens = f"{spending.input_tokens:,} tokens in ({spending.cached_tokens:,} cached), {spending.output_tokens:,} out"
    return f"{text}: {tokens}, {_dollars(spending.cost)}."


def _dollars(cost: float | None) -> str:
    return "cost unknown" if cost is None else f"${cost:.4f}" if cost < 1 else f"${cost:.2f}"
