"""What questions to a language model take, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffex_cli.language_models.rehearsal import Estimate
    from diffex_cli.stages.asking import Spending


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
