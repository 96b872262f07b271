"""Asks for a hierarchy level by level, the questions of a level in parallel."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any

from diffex_cli.corpus.generation import prompts
from diffex_cli.corpus.generation.asking import Asker, Outcome
from diffex_cli.corpus.generation.draft import Draft, DraftNode
from diffex_cli.corpus.generation.grounding import Index, Passage
from diffex_cli.corpus.generation.reading import Reading, read
from diffex_cli.language_models.base import Picture, Question

PASSAGES = 4
"""How many passages ground a question."""


@dataclasses.dataclass(frozen=True, slots=True)
class CorpusOptions:
    """What hierarchy is wanted.

    Attributes:
        domain: what the images show.
        depth: how many levels, ≥ 1.
        breadth: how many attributes below each, at most.
        pictures: examples of the domain.
        knowledge: finds passages; ``None`` for none.
        repetition: the number of this run among several.
        parallel: how many questions at the same time.
    """

    domain: str
    depth: int
    breadth: int
    pictures: tuple[Picture, ...] = ()
    knowledge: Index | None = None
    repetition: int = 0
    parallel: int = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Grown:
    """A hierarchy, and how it came about.

    Attributes:
        draft: the attributes.
        asked: questions that a model answered now.
        kept: questions whose answers were there from before.
        unanswered: questions without an answer.
        problems: a sentence for each question whose answer was missing or imperfect.
        over_budget: some were not asked because of the limit on the cost.
    """

    draft: Draft
    asked: int
    kept: int
    unanswered: int
    problems: tuple[str, ...]
    over_budget: bool


@dataclasses.dataclass(frozen=True, slots=True)
class _Task:
    parent: DraftNode | None
    question: Question
    read: Callable[[Mapping[str, Any]], Reading]

    @property
    def place(self) -> str:
        return "the groups" if self.parent is None else f"what is below {' > '.join(_names(self.parent))}"


def grow(wish: CorpusOptions, asker: Asker, begin: Callable[[int, int], None], done: Callable[[], None]) -> Grown:
    """Ask for a hierarchy.

    The same wish and answers give the same hierarchy, in whatever order the answers come.

    Args:
        wish: what is wanted.
        asker: asks.
        begin: hears of each level's number, from 0, and of how many questions it has.
        done: hears of each question that is through, from any thread.

    Raises:
        UsageError: the model cannot be asked at all, not without a change by the user.
        DiffexError: it cannot be reached, or an answer cannot be kept.
    """
    draft, outcomes, problems = Draft(), list[Outcome](), list[str]()
    parents: list[DraftNode | None] = [None]
    for level in range(wish.depth):
        tasks = [_task(wish, draft, parent) for parent in parents]
        begin(level, len(tasks))
        parents = []
        for task, outcome in zip(tasks, _all(tasks, wish, asker, done), strict=True):
            outcomes.append(outcome)
            if outcome.problem:
                problems.append(_sentence(task, outcome))
            for proposal in outcome.proposals:
                place = draft.add(task.parent, proposal)
                if place.new:
                    parents.append(place.sprout)
        if not parents or any(outcome.over_budget for outcome in outcomes):
            break
    return Grown(
        draft=draft,
        asked=sum(outcome.answered and not outcome.kept for outcome in outcomes),
        kept=sum(outcome.kept for outcome in outcomes),
        unanswered=sum(not outcome.answered for outcome in outcomes),
        problems=tuple(problems),
        over_budget=any(outcome.over_budget for outcome in outcomes),
    )


def _task(wish: CorpusOptions, draft: Draft, parent: DraftNode | None) -> _Task:
    path = () if parent is None else _names(parent)
    passages: Sequence[Passage] | None = None
    if wish.knowledge is not None:
        passages = wish.knowledge.search(" ".join((wish.domain, *path)), PASSAGES)
    beside = [] if parent is None else (draft.roots if parent.parent is None else parent.parent.children)
    question = prompts.question(
        wish.domain,
        path,
        wish.breadth,
        elsewhere=[sprout.proposal.name for sprout in beside if sprout is not parent],
        pictures=wish.pictures if len(path) < prompts.WITH_PICTURES else (),
        passages=passages,
    )
    least = 0 if path else 1
    return _Task(parent, question, lambda content: read(content, wish.breadth, least, passages or ()))


def _all(tasks: Sequence[_Task], wish: CorpusOptions, asker: Asker, done: Callable[[], None]) -> list[Outcome]:
    """The outcomes in the order of the tasks. Upon an error the others under way are finished, and kept."""

    def ask(task: _Task) -> Outcome:
        outcome = asker.ask(task.question, wish.repetition, task.read)
        done()
        return outcome

    pool = ThreadPoolExecutor(min(wish.parallel, len(tasks)), thread_name_prefix="diffex-ask")
    try:
        futures = [pool.submit(ask, task) for task in tasks]
        ended, _ = wait(futures, return_when=FIRST_EXCEPTION)
        for future in ended:
            future.result()
        return [future.result() for future in futures]
    except BaseException:
        asker.stop()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _names(sprout: DraftNode) -> tuple[str, ...]:
    return tuple(ancestor.proposal.name for ancestor in sprout.path)


def _sentence(task: _Task, outcome: Outcome) -> str:
    if outcome.answered:
        return f"{task.place}: part of the answer was left out: {outcome.problem}"
    return f"{task.place}: left out, because {outcome.problem}"
