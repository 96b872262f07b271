"""Language models answer a study's page."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from diffex_cli.core.errors import UsageError
from diffex_cli.core.inside import check_folder
from diffex_cli.core.progress import Progress
from diffex_cli.corpus.generation.providers import open_model
from diffex_cli.language_models.asking import Asker
from diffex_cli.language_models.base import LanguageModel
from diffex_cli.language_models.costs import Spending
from diffex_cli.language_models.rehearsal import Estimate, Rehearsal, estimated
from diffex_cli.study.answers import write_answers
from diffex_cli.study.page import read_page
from diffex_cli.study.raters import participant_of, questions, rate

_ANSWERS, _KEPT = "answers", "asked"


@dataclasses.dataclass(frozen=True, slots=True)
class StudyAnswered:
    """What language models answered: a file for each, and a sentence for each item without a usable answer."""

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
        progress: hears of a task for each model.
        max_cost: US dollars; ``None`` for no limit.
        parallel: how many questions to ask at the same time.

    Raises:
        UsageError: a model is unknown or cannot be asked, the page is none, or the limit pays for no question.
        DiffexError: a model cannot be reached; its answers so far are kept.
    """
    read = read_page(page)
    _check_folders(page)
    models = _models(raters, base_url)
    asker = Asker(page.parent / _KEPT, max_cost, parallel)
    files: list[Path] = []
    warnings: list[str] = []
    for model in models:
        begun = _now()
        with asker.noting(progress):
            rating = rate(read, model, asker, progress)
        warnings += rating.problems
        if rating.answers:
            file = page.parent / _ANSWERS / f"{rating.participant}.json"
            write_answers(file, read.study, read.kind, rating, model.settings, (begun, _now()))
            files.append(file)
    if not files:
        raise asker.nothing_usable(warnings[0] if warnings else "")
    if asker.over_budget:
        warnings.append(asker.limit_reached())
    return StudyAnswered(tuple(files), asker.spending(), tuple(warnings))


def estimate(page: Path, raters: Sequence[str], base_url: str | None = None) -> Estimate:
    """What :func:`answer` would ask, without asking anybody."""
    read = read_page(page)
    _check_folders(page)
    models = _models(raters, base_url)
    asker, rehearsals, kept = Asker(page.parent / _KEPT, write=False), list[Rehearsal](), 0
    for model in models:
        rehearsals.append(Rehearsal(model, 0))
        for inquiry in questions(read, participant_of(model)).values():
            if asker.is_open(model, inquiry):
                rehearsals[-1].ask(inquiry.question)
            else:
                kept += 1
    return estimated(rehearsals, kept)


def _check_folders(page: Path) -> None:
    for name in (_ANSWERS, _KEPT):
        check_folder(page.parent / name)


def _models(raters: Sequence[str], base_url: str | None) -> list[LanguageModel]:
    models = [open_model(text, base_url) for text in raters]
    codes = [participant_of(model) for model in models]
    twice = next((text for text, code in zip(raters, codes, strict=True) if codes.count(code) > 1), None)
    if twice is not None:
        raise UsageError(f"--rater {twice} is named twice: name each model once")
    return models


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
