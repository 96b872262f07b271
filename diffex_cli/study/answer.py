"""Language models answer a study's page."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.progress import Progress
from diffex_cli.corpus.generation.providers import open_model
from diffex_cli.corpus.interview import Spending
from diffex_cli.language_models.base import LanguageModel, Usage
from diffex_cli.language_models.costs import Ledger
from diffex_cli.language_models.kept_answers import Answers
from diffex_cli.language_models.rehearsal import Estimate
from diffex_cli.study.answers import write_answers
from diffex_cli.study.page import read_page
from diffex_cli.study.raters import Panel, Rating, participant_of


@dataclasses.dataclass(frozen=True, slots=True)
class StudyAnswered:
    """What language models answered.

    Attributes:
        files: one for each model.
        spending: what it took.
        warnings: a sentence for each item without a usable answer.
    """

    files: tuple[Path, ...]
    spending: Spending
    warnings: tuple[str, ...]


def answer(
    page: Path,
    raters: Sequence[str],
    progress: Progress,
    *,
    base_url: str | None = None,
    max_cost: float | None = None,
    parallel: int = 4,
) -> StudyAnswered:
    """Let language models answer a study's page, each into a file beside it.

    Args:
        page: as :func:`make` wrote it.
        raters: specs of language models.
        progress: hears of a task for each model.
        base_url: address of the model's server.
        max_cost: US dollars; ``None`` for no limit.
        parallel: how many questions to ask at the same time.

    Raises:
        UsageError: a model is unknown or cannot be asked, the page is none, or the limit pays for no question.
        DiffexError: a model cannot be reached; its answers so far are kept.
    """
    read, models = read_page(page), _models(raters, base_url)
    ledger, answers = Ledger(max_cost), Answers(page.parent / "asked")
    panel = Panel(read, answers, ledger, parallel)
    ratings: list[Rating] = []
    files = []
    for model in models:
        name, begun = participant_of(model), _now()
        progress.start(name, len(panel.open(model)))
        try:
            rating = panel.rate(model, lambda name=name: progress.advance(name))  # type: ignore[misc]
        except DiffexError:
            if answers.written:
                progress.note("What was answered so far is kept: the same command goes on from there.")
            raise
        ratings.append(rating)
        if rating.answers:
            file = page.parent / "answers" / f"{rating.participant}.json"
            write_answers(
                file,
                read.study,
                read.kind,
                rating.participant,
                model.settings,
                rating.order,
                rating.answers,
                (begun, _now()),
            )
            files.append(file)
    if not files:
        raise _unanswered(ratings, max_cost)
    return StudyAnswered(tuple(files), _spending(ratings, ledger), tuple(_problems(ratings, max_cost)))


def estimate(page: Path, raters: Sequence[str], base_url: str | None = None) -> Estimate:
    """What :func:`answer` would ask, without asking anybody."""
    read, models = read_page(page), _models(raters, base_url)
    panel = Panel(read, Answers(page.parent / "asked", write=False), Ledger(), 1)
    questions, kept, usage, cost = 0, 0, Usage(0, 0), 0.0
    known = all(model.prices is not None for model in models)
    for model in models:
        still = panel.open(model)
        questions += len(still)
        kept += len(panel.all(model)) - len(still)
        one = sum((model.estimate(asked.question) for asked in still), Usage(0, 0))
        usage += one
        cost += 0.0 if model.prices is None else model.prices.cost(one)
    return Estimate(questions, kept, usage.input_tokens, usage.output_tokens, cost if known else None)


def _models(raters: Sequence[str], base_url: str | None) -> list[LanguageModel]:
    models = [open_model(text, base_url) for text in raters]
    codes = [participant_of(model) for model in models]
    twice = next((text for text, code in zip(raters, codes, strict=True) if codes.count(code) > 1), None)
    if twice is not None:
        raise UsageError(f"--rater {twice} is named twice: name each model once")
    return models


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _spending(ratings: Sequence[Rating], ledger: Ledger) -> Spending:
    unanswered = sum(len(rating.order) - len(rating.answers) for rating in ratings)
    return Spending(
        questions=sum(rating.asked for rating in ratings),
        kept=sum(rating.kept for rating in ratings),
        unanswered=unanswered,
        input_tokens=ledger.paid.input_tokens,
        output_tokens=ledger.paid.output_tokens,
        cached_tokens=ledger.paid.cached_tokens,
        cost=ledger.cost,
        complete=not unanswered,
    )


def _problems(ratings: Sequence[Rating], max_cost: float | None) -> list[str]:
    found = [problem for rating in ratings for problem in rating.problems]
    if any(rating.over_budget for rating in ratings):
        found.append(
            f"--max-cost {max_cost:g} was reached: what is there is kept, and the same command with a higher limit "
            "goes on from there"
        )
    return found


def _unanswered(ratings: Sequence[Rating], max_cost: float | None) -> DiffexError:
    if any(rating.over_budget for rating in ratings):
        return UsageError(
            f"--max-cost {max_cost:g} may not pay for a single question: raise it (--dry-run estimates the cost)"
        )
    reasons = [problem for rating in ratings for problem in rating.problems]
    return DiffexError(f"no model gave a usable answer ({reasons[0]}): try another one")
