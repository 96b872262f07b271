"""``diffex corpus grow``: adds attributes that a finished search lacked, named by a language model.

The paper's first stated limitation is that an explanation finds only what the corpus names. Here the
model is shown what the corpus did not explain.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import NamedTuple

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import Settings
from diffex_cli.corpus.evidence import Evidence
from diffex_cli.corpus.generation.grafting import graft
from diffex_cli.corpus.generation.missing import Case, Missing, question, read_missing
from diffex_cli.corpus.generation.prompts import DECLINED
from diffex_cli.corpus.generation.providers import open_model
from diffex_cli.corpus.proposing import ANSWERS, agree, provider_spec
from diffex_cli.language_models.asking import Asker, Inquiry, Outcome
from diffex_cli.language_models.base import LanguageModel
from diffex_cli.language_models.costs import Spending, check_prices
from diffex_cli.language_models.rehearsal import Estimate, Rehearsal, estimated
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
        known: names of what was proposed and there already.
        attributes: how many the hierarchy has now.
        warnings: a sentence for each answer that could not be used, and each file that was left out.
    """

    cases: int
    added: tuple[Added, ...]
    known: tuple[str, ...]
    attributes: int
    warnings: tuple[str, ...]
    spending: Spending


def run(settings: Settings, progress: Progress) -> GrowSummary:
    """Ask about what the run's search did not explain, and add the answers to ``corpus.yaml``.

    Answers are kept in the run directory, so that nobody pays twice for the same question.

    Raises:
        IncompleteError: the search is not done.
        UsageError: the provider asks no language model, or the model cannot be asked without a change by the user.
        DiffexError: the model cannot be reached, or gave no usable answer.
    """
    model = _model(settings)
    with locked_session("corpus grow", settings) as session:
        unexplained = _unexplained(settings)
        asker = Asker(settings.run / ANSWERS, settings.max_cost)
        outcomes = []
        progress.start(_TASK, len(unexplained.inquiries))
        with asker.noting(progress):
            for inquiry in unexplained.inquiries:
                outcomes.append(asker.ask(model, inquiry))
                progress.advance(_TASK)
                if asker.over_budget:
                    break
        problems = _problems(outcomes, asker)
        spending = asker.spending(unasked=len(unexplained.inquiries) - len(outcomes))
        grafted = graft(unexplained.corpus, (one for outcome in outcomes for one in outcome.usable or ()))
        if grafted.added:
            _write(session.run, grafted.corpus, grafted.added, model, spending)
        return GrowSummary(
            cases=unexplained.cases,
            added=tuple(Added(node.id, node.name, node.prompt, node.remove) for node in grafted.added),
            known=grafted.known,
            attributes=sum(1 for _ in grafted.corpus.walk()),
            warnings=(*unexplained.warnings, *problems),
            spending=spending,
        )


def estimate(settings: Settings) -> Estimate:
    """What :func:`run` would ask. Asks nobody and writes nothing."""
    rehearsal = Rehearsal(_model(settings), settings.breadth)
    asker = Asker(settings.run / ANSWERS, write=False)
    for inquiry in _unexplained(settings).inquiries:
        asker.ask(rehearsal, inquiry)
    return estimated([rehearsal], asker.kept)


def _model(settings: Settings) -> LanguageModel:
    provider = provider_spec(settings).text
    agree(settings, provider)
    model = open_model(provider, settings.base_url)
    check_prices(model, settings.max_cost)
    return model


class _Unexplained(NamedTuple):
    corpus: Corpus
    cases: int
    inquiries: tuple[Inquiry[tuple[Missing, ...]], ...]
    warnings: tuple[str, ...]


def _unexplained(settings: Settings) -> _Unexplained:
    # what an earlier `grow` added was not searched yet, which is no reason not to go on
    finished = read_finished(settings.run, current=False)
    corpus, breadth = finished.corpus, settings.breadth
    cases: Sequence[Case] = Evidence(finished).cases()
    chunks = [cases[first : first + _CASES] for first in range(0, len(cases), _CASES)]
    check = functools.partial(read_missing, corpus=corpus, breadth=breadth)
    inquiries = tuple(Inquiry(question(corpus, chunk, breadth), check, declined=DECLINED) for chunk in chunks)
    return _Unexplained(corpus, len(cases), inquiries, finished.warnings)


def _problems(outcomes: Sequence[Outcome[tuple[Missing, ...]]], asker: Asker) -> list[str]:
    """A sentence for each answer that is missing or imperfect; an error if there is no answer at all."""
    problems = []
    for number, outcome in enumerate(outcomes, 1):
        if outcome.over_budget:
            problems.append(asker.limit_reached())
        elif outcome.problem:
            part = "part of the answer was left out" if outcome.answered else "left out"
            problems.append(f"question {number}: {part}: {outcome.problem}")
    if outcomes and not any(outcome.answered for outcome in outcomes):
        raise asker.nothing_usable(problems[-1])
    return problems


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
