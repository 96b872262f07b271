"""A hierarchy while it grows: each attribute once, whoever named it, wherever and in whatever form."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from typing import NamedTuple

from diffex_cli.core.hierarchy import Corpus, Node, slug
from diffex_cli.core.wording import canonical
from diffex_cli.corpus.generation.reading import Proposal


@dataclasses.dataclass(eq=False, slots=True)
class DraftNode:
    """One attribute of a growing hierarchy, as it was named first, and the numbers of the sources that named it."""

    proposal: Proposal
    parent: DraftNode | None
    children: list[DraftNode] = dataclasses.field(default_factory=list)
    named_by: set[int] = dataclasses.field(default_factory=set)

    @property
    def path(self) -> tuple[DraftNode, ...]:
        """From the root to this one."""
        return (self,) if self.parent is None else (*self.parent.path, self)


class Place(NamedTuple):
    """Where a proposal ended up: a new node, or one that was there and means the same."""

    node: DraftNode
    new: bool


class Draft:
    """Attributes are the same if their prompts are, anywhere in the hierarchy, or their names below one parent.

    "Red" below "beak color" and "red" below "head color" are two attributes if their prompts say so ("red
    beak", "red head"), and one edit if not. Synonyms count as names. A child named like one of its
    ancestors is that ancestor. Adding and removing the same thing are two attributes.
    """

    def __init__(self) -> None:
        self.roots: list[DraftNode] = []
        self._prompts: dict[tuple[bool, str], DraftNode] = {}
        self._names: dict[tuple[DraftNode | None, bool, str], DraftNode] = {}

    def add(self, parent: DraftNode | None, proposal: Proposal, source: int = 0) -> Place:
        """Put an attribute below ``parent``, unless it is there already; either way ``source`` has named it."""
        names = {form for form in map(canonical, (proposal.name, *proposal.synonyms)) if form}
        prompt = canonical(proposal.prompt)
        found = self._find(parent, proposal.remove, names, prompt)
        node = found or DraftNode(proposal, parent)
        if found is None:
            (self.roots if parent is None else parent.children).append(node)
        self._prompts.setdefault((proposal.remove, prompt), node)
        for name in names:
            self._names.setdefault((node.parent, proposal.remove, name), node)
        node.named_by.add(source)
        return Place(node, found is None)

    def _find(self, parent: DraftNode | None, remove: bool, names: Collection[str], prompt: str) -> DraftNode | None:
        if found := self._prompts.get((remove, prompt)):
            return found
        for name in names:
            if found := self._names.get((parent, remove, name)):
                return found
        for ancestor in reversed(parent.path if parent is not None else ()):
            if ancestor.proposal.remove == remove and canonical(ancestor.proposal.name) in names:
                return ancestor
        return None

    def corpus(self, domain: str, sources: Collection[int] = ()) -> Corpus:
        """The hierarchy, with each attribute's share of the ``sources``; with fewer than two there are no shares."""
        return Corpus(domain, _nodes(self.roots, "", sources))


def merged(hierarchies: Sequence[Draft | Corpus]) -> Draft:
    """All attributes of several hierarchies, each where the first of them has it.

    Source ``i`` in :attr:`DraftNode.named_by` is ``hierarchies[i]``. Level by level, so that of an attribute in
    two branches of one hierarchy the upper place counts.
    """
    draft = Draft()
    for source, hierarchy in enumerate(hierarchies):
        if isinstance(hierarchy, Corpus):
            level: list[tuple[DraftNode | None, Node | DraftNode]] = [(None, root) for root in hierarchy.roots]
        else:
            level = [(None, root) for root in hierarchy.roots]
        while level:
            below: list[tuple[DraftNode | None, Node | DraftNode]] = []
            for parent, item in level:
                proposal = Proposal.of(item) if isinstance(item, Node) else item.proposal
                node = draft.add(parent, proposal, source).node
                below += [(node, child) for child in item.children]
            level = below
    return draft


def free(wanted: str, taken: set[str]) -> str:
    """An id that is not taken, and is from now on: the wanted one, or that with a number."""
    id, number = wanted, 1
    while id in taken:
        number += 1
        id = f"{wanted}-{number}"
    taken.add(id)
    return id


def _nodes(drafted: Sequence[DraftNode], parent: str, sources: Collection[int]) -> tuple[Node, ...]:
    taken: set[str] = set()
    nodes = []
    for draft in drafted:
        proposal = draft.proposal
        part = free(proposal.slug or slug(proposal.name), taken)
        id = f"{parent}/{part}" if parent else part
        nodes.append(
            Node(
                id=id,
                name=proposal.name,
                prompt=proposal.prompt,
                remove=proposal.remove,
                placebo=proposal.placebo,
                overrides=proposal.overrides,
                children=_nodes(draft.children, id, sources),
                replaces=proposal.replaces,
                share=round(len(draft.named_by & set(sources)) / len(sources), 4) if len(sources) > 1 else None,
                source=proposal.source,
                group=proposal.group if draft.children else "members",
                question=proposal.question,
            )
        )
    return tuple(nodes)
