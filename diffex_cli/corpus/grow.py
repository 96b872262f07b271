"""``diffex corpus grow``: adds attributes that a finished search lacked, named by a language model.

The paper's first stated limitation is that an explanation finds only what the corpus names. Here the
model is shown what the corpus did not explain.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import Settings
from diffex_cli.corpus.evidence import Evidence
from diffex_cli.corpus.generation.asking import Asker, Outcome
from diffex_cli.corpus.generation.grafting import graft
from diffex_cli.corpus.generation.missing import Case, Missing, question, read_missing
from diffex_cli.corpus.generation.providers import open_model
from diffex_cli.corpus.interview import Spending
from diffex_cli.corpus.proposing import ANSWERS, check_prices, provider_spec
from diffex_cli.language_models.base import LanguageModel, Question
from diffex_cli.language_models.costs import Ledger
from diffex_cli.language_models.kept_answers import Answers
from diffex_cli.language_models.rehearsal import Estimate, Rehearsal
from diffex_cli.measure.session import locked_session
from diffex_cli.report.finished import read_finished

_CASES = 6
"""How many cases a question shows."""

_TASK = "questions"


@dataclasses.dataclass(frozen=True, slots=True)
class Added:
    """An attribute that was added; the fields are those of :class:`~diffex_cli.core.hierarchy.Node`."""

    id: str
    name: str
    prompt: str
    remove: bool


@dataclasses.dataclass(frozen=True, slots=True)
class GrowSummary:
    """What the stage did.

    Attributes:
        cases: how many unexplained cases the model was shown.
        added: the new attributes.
        known: names of what was proposed and there already.
        attributes: how many the hierarchy has now.
        warnings: a sentence for each answer that could not be used, and each file that was left out.
        spending: what was asked.
    """

    cases: int
    added: tuple[Added, ...]
    known: tuple[str, ...]
    attributes: int
    warnings: tuple[str, ...]
    spending: Spending


@dataclasses.dataclass(frozen=True, slots=True)
class _Inquiry:
    """What is to be asked."""

    corpus: Corpus
    cases: int
    questions: tuple[Question, ...]
    warnings: tuple[str, ...]


def run(settings: Settings, progress: Progress) -> GrowSummary:
    """Ask about what the run's search did not explain, and add the answers to ``corpus.yaml``.

    Answers are kept in the run directory, so that nobody pays twice for the same question.

    Args:
        settings: as resolved; ``provider``, ``base_url``, ``breadth`` and ``max_cost`` matter.
        progress: hears of the questions.

    Raises:
        IncompleteError: the search is not done.
        UsageError: the provider asks no language model, or the model cannot be asked without a change by the user.
        DiffexError: the model cannot be reached, or gave no usable answer.
    """
    model = _model(settings)
    with locked_session("corpus grow", settings) as session:
        inquiry = _inquiry(settings)
        ledger = Ledger(settings.max_cost)
        answers = Answers(settings.run / ANSWERS)
        try:
            outcomes = _ask(inquiry, Asker(model, answers, ledger), settings, progress)
        except DiffexError:
            if answers.written:
                progress.note("What was answered so far is kept: the same command goes on from there.")
            raise
        spending = _spending(inquiry, outcomes, ledger)
        warnings = _problems(outcomes, settings)
        proposals = (one for outcome in outcomes for one in outcome.proposals if isinstance(one, Missing))
        grafted = graft(inquiry.corpus, proposals)
        if grafted.added:
            _write(session.run, grafted.corpus, grafted.added, model, spending)
        return GrowSummary(
            cases=inquiry.cases,
            added=tuple(Added(node.id, node.name, node.prompt, node.remove) for node in grafted.added),
            known=grafted.known,
            attributes=sum(1 for _ in grafted.corpus.walk()),
            warnings=(*inquiry.warnings, *warnings),
            spending=spending,
        )


def estimate(settings: Settings) -> Estimate:
    """What :func:`run` would ask. Asks nobody and writes nothing.

    Raises:
        IncompleteError: the search is not done.
        UsageError: as :func:`run`.
    """
    rehearsal = Rehearsal(_model(settings), settings.breadth)
    inquiry = _inquiry(settings)
    asker = Asker(rehearsal, Answers(settings.run / ANSWERS, write=False), Ledger())
    read = functools.partial(read_missing, corpus=inquiry.corpus, breadth=settings.breadth)
    outcomes = [asker.ask(each, 0, read) for each in inquiry.questions]
    return Estimate(
        questions=rehearsal.questions,
        kept=sum(outcome.kept for outcome in outcomes),
        input_tokens=rehearsal.usage.input_tokens,
        output_tokens=rehearsal.usage.output_tokens,
        cost=rehearsal.cost,
    )


def _model(settings: Settings) -> LanguageModel:
    model = open_model(provider_spec(settings).text, settings.base_url)
    check_prices(model, settings)
    return model


def _inquiry(settings: Settings) -> _Inquiry:
    finished = read_finished(settings.run)
    cases: Sequence[Case] = Evidence(finished).cases()
    chunks = [cases[first : first + _CASES] for first in range(0, len(cases), _CASES)]
    return _Inquiry(
        finished.corpus,
        len(cases),
        tuple(question(finished.corpus, chunk, settings.breadth) for chunk in chunks),
        finished.warnings,
    )


def _ask(inquiry: _Inquiry, asker: Asker, settings: Settings, progress: Progress) -> list[Outcome]:
    read = functools.partial(read_missing, corpus=inquiry.corpus, breadth=settings.breadth)
    outcomes: list[Outcome] = []
    progress.start(_TASK, len(inquiry.questions))
    for each in inquiry.questions:
        outcomes.append(asker.ask(each, 0, read))
        progress.advance(_TASK)
        if outcomes[-1].over_budget:
            break
    return outcomes


def _problems(outcomes: Sequence[Outcome], settings: Settings) -> list[str]:
    """A sentence for each answer that is missing or imperfect; an error if there is no answer at all."""
    problems = []
    for number, outcome in enumerate(outcomes, 1):
        if outcome.over_budget:
            problems.append(
                f"--max-cost {settings.max_cost:g} was reached at question {number}: the same command with a higher "
                "limit goes on from there"
            )
        elif outcome.problem:
            part = "part of the answer was left out" if outcome.answered else "left out"
            problems.append(f"question {number}: {part}: {outcome.problem}")
    if outcomes and not any(outcome.answered for outcome in outcomes):
        if any(outcome.over_budget for outcome in outcomes):
            raise UsageError(
                f"--max-cost {settings.max_cost:g} may not pay for a single question: raise it "
                "(--dry-run estimates the cost)"
            )
        raise DiffexError(
            f"the language model gave no usable answer ({problems[-1]}): try another model, or run the same "
            "command again"
        )
    return problems


def _spending(inquiry: _Inquiry, outcomes: Sequence[Outcome], ledger: Ledger) -> Spending:
    answered = sum(outcome.answered for outcome in outcomes)
    kept = sum(outcome.kept for outcome in outcomes)
    return Spending(
        questions=answered - kept,
        kept=kept,
        unanswered=len(inquiry.questions) - answered,
        input_tokens=ledger.paid.input_tokens,
        output_tokens=ledger.paid.output_tokens,
        cached_tokens=ledger.paid.cached_tokens,
        cost=ledger.cost,
        complete=answered == len(inquiry.questions),
    )


def _write(run: RunDirectory, corpus: Corpus, added: Sequence[Node], model: LanguageModel, spending: Spending) -> None:
    """The hierarchy with its new attributes, which the provenance names under ``grown``."""
    before = dict(run.corpus_document().provenance)
    earlier = before.get("grown")
    made = provenance("corpus grow", model.settings)
    grown = {
        "created": made["created"],
        "diffex": made["diffex"],
        "settings": made["settings"],
        "answers": dataclasses.asdict(spending),
        "added": [node.id for node in added],
    }
    run.write_corpus(corpus, before | {"grown": [*(earlier if isinstance(earlier, list) else []), grown]})
