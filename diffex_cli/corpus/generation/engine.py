"""Asks for a hierarchy level by level, the questions of a level in parallel."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from diffex_cli.core.progress import Progress
from diffex_cli.corpus.generation import prompts
from diffex_cli.corpus.generation.draft import Draft, DraftNode
from diffex_cli.corpus.generation.grounding import Index, Passage
from diffex_cli.corpus.generation.reading import Proposals, read
from diffex_cli.language_models.asking import Asker, Inquiry, Outcome, Reading
from diffex_cli.language_models.base import LanguageModel, Picture

PASSAGES = 4
"""How many passages ground a question."""


@dataclasses.dataclass(frozen=True, slots=True)
class CorpusOptions:
    """What hierarchy is wanted: how many levels, at most how many attributes below each, and which of several runs."""

    domain: str
    depth: int
    breadth: int
    pictures: tuple[Picture, ...] = ()
    knowledge: Index | None = None
    repetition: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Grown:
    """A hierarchy, and a sentence for each question whose answer was missing or imperfect."""

    draft: Draft
    problems: tuple[str, ...]


def grow(wish: CorpusOptions, model: LanguageModel, asker: Asker, progress: Progress, name: str = "") -> Grown:
    """Ask a model for a hierarchy, until it is there or the limit on the cost is reached.

    The same wish and answers give the same hierarchy, in whatever order the answers come. ``name`` stands before
    the names of the levels, for the progress. Errors as of :meth:`Asker.ask_all`.
    """
    draft, problems = Draft(), list[str]()
    parents: list[DraftNode | None] = [None]
    for level in range(wish.depth):
        inquiries = [_inquiry(wish, draft, parent) for parent in parents]
        task = f"{name}level {level + 1}"
        progress.start(task, len(inquiries))
        outcomes = asker.ask_all(model, inquiries, lambda task=task: progress.advance(task))  # type: ignore[misc]
        below: list[DraftNode | None] = []
        for parent, outcome in zip(parents, outcomes, strict=True):
            if outcome.problem:
                problems.append(_sentence(parent, outcome))
            for proposal in outcome.usable or ():
                place = draft.add(parent, proposal)
                if place.new:
                    below.append(place.node)
        parents = below
        if not parents or asker.over_budget:
            break
    return Grown(draft, tuple(problems))


def _inquiry(wish: CorpusOptions, draft: Draft, parent: DraftNode | None) -> Inquiry[Proposals]:
    path = () if parent is None else _names(parent)
    passages: Sequence[Passage] | None = None
    if wish.knowledge is not None:
        passages = wish.knowledge.search(" ".join((wish.domain, *path)), PASSAGES)
    beside = [] if parent is None else (draft.roots if parent.parent is None else parent.parent.children)
    question = prompts.question(
        wish.domain,
        path,
        wish.breadth,
        elsewhere=[node.proposal.name for node in beside if node is not parent],
        pictures=wish.pictures if len(path) < prompts.WITH_PICTURES else (),
        passages=passages,
    )

    def check(content: Mapping[str, Any]) -> Reading[Proposals]:
        return read(content, wish.breadth, 0 if path else 1, passages or ())

    return Inquiry(question, check, wish.repetition, prompts.DECLINED)


def _names(node: DraftNode) -> tuple[str, ...]:
    return tuple(ancestor.proposal.name for ancestor in node.path)


def _sentence(parent: DraftNode | None, outcome: Outcome[Proposals]) -> str:
    place = "the groups" if parent is None else f"what is below {' > '.join(_names(parent))}"
    if outcome.answered:
        return f"{place}: part of the answer was left out: {outcome.problem}"
    return f"{place}: left out, because {outcome.problem}"
