"""Adds attributes to a finished hierarchy, each once, without touching what is there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from diffex_cli.core.hierarchy import Corpus, Node, slug
from diffex_cli.core.wording import canonical
from diffex_cli.corpus.generation.draft import free
from diffex_cli.corpus.generation.missing import Missing


@dataclasses.dataclass(frozen=True, slots=True)
class Grafted:
    """A hierarchy with what was added, and the names of proposals that it had already, or that came twice."""

    corpus: Corpus
    added: tuple[Node, ...]
    known: tuple[str, ...]


def graft(corpus: Corpus, proposals: Iterable[Missing]) -> Grafted:
    """Add what is new.

    A proposal is known if its prompt is a name or prompt anywhere in the hierarchy, or its name or a synonym is, of
    several words ("tall crest" is known wherever it stands, "red" may be another red), or any name is beside the
    place where it would stand, or above. Adding and removing the same thing are two attributes.
    """
    known = _Known(corpus)
    below: dict[str, list[Node]] = {}
    added: list[Node] = []
    there: list[str] = []
    for proposal in proposals:
        if not known.learn(proposal):
            there.append(proposal.name)
            continue
        node = Node(
            id=known.free_id(proposal.below, slug(proposal.name)),
            name=proposal.name,
            prompt=proposal.prompt,
            remove=proposal.remove,
            question=proposal.question,
        )
        below.setdefault(proposal.below, []).append(node)
        added.append(node)
    roots = (*_with(corpus.roots, below), *below.get("", ()))
    return Grafted(Corpus(corpus.domain, roots), tuple(added), tuple(there))


class _Known:
    def __init__(self, corpus: Corpus) -> None:
        self._ids: set[str] = set()
        self._anywhere: set[tuple[bool, str]] = set()
        self._local: set[tuple[str, bool, str]] = set()
        """(id of the place, removed, name): what is directly below the place, and the place itself and all above."""
        for node in corpus.walk():
            self._ids.add(node.id)
            self._note(node.id.rpartition("/")[0], node.remove, [canonical(node.name)], canonical(node.prompt))
        for node in corpus.walk():
            for inner in node.walk():
                self._local.add((inner.id, node.remove, canonical(node.name)))

    def learn(self, proposal: Missing) -> bool:
        """Whether a proposal is new; from now on it is not."""
        names = [form for form in map(canonical, (proposal.name, *proposal.synonyms)) if form]
        prompt = canonical(proposal.prompt)
        telling = [prompt, *(name for name in names if " " in name)]
        found = any((proposal.remove, form) in self._anywhere for form in telling) or any(
            (proposal.below, proposal.remove, name) in self._local for name in names
        )
        if not found:
            self._note(proposal.below, proposal.remove, names, prompt)
        return not found

    def free_id(self, parent: str, part: str) -> str:
        """An id below ``parent`` that is not taken; from now on it is."""
        return free(f"{parent}/{part}" if parent else part, self._ids)

    def _note(self, place: str, remove: bool, names: Sequence[str], prompt: str) -> None:
        self._anywhere.update((remove, form) for form in (prompt, *names))
        self._local.update((place, remove, name) for name in names)


def _with(nodes: Sequence[Node], below: Mapping[str, Sequence[Node]]) -> tuple[Node, ...]:
    return tuple(
        dataclasses.replace(node, children=(*_with(node.children, below), *below.get(node.id, ()))) for node in nodes
    )
