"""A hierarchy while it grows: each attribute once, whoever named it, wherever and in whatever form."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from diffex_cli.core.hierarchy import Corpus, Node, slug
from diffex_cli.core.wording import canonical
from diffex_cli.corpus.generation.reading import Proposal


@dataclasses.dataclass(eq=False, slots=True)
class DraftNode:
    """One attribute of a growing hierarchy.

    Attributes:
        proposal: as it was named first.
        parent: ``None`` for a root.
        children: the finer ones so far.
        named_by: the numbers of the sources that named it.
    """

    proposal: Proposal
    parent: DraftNode | None
    children: list[DraftNode] = dataclasses.field(default_factory=list)
    named_by: set[int] = dataclasses.field(default_factory=set)

    @property
    def path(self) -> tuple[DraftNode, ...]:
        """From the root to this one."""
        return (self,) if self.parent is None else (*self.parent.path, self)


class Place(NamedTuple):
    """Where a proposal ended up: a new sprout, or one that was there and means the same."""

    sprout: DraftNode
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
        sprout = found or DraftNode(proposal, parent)
        if found is None:
            (self.roots if parent is None else parent.children).append(sprout)
        self._prompts.setdefault((proposal.remove, prompt), sprout)
        for name in names:
            self._names.setdefault((sprout.parent, proposal.remove, name), sprout)
        sprout.named_by.add(source)
        return Place(sprout, found is None)

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

    def levels(self) -> Iterator[list[DraftNode]]:
        """The attributes level by level, the roots first."""
        level = self.roots
        while level:
            yield level
            level = [child for sprout in level for child in sprout.children]

    def corpus(self, domain: str, sources: Collection[int] = ()) -> Corpus:
        """The hierarchy.

        Args:
            domain: what the images show.
            sources: whose share each attribute is told of; with fewer than two there are no shares.
        """
        return Corpus(domain, _nodes(self.roots, "", sources))


def draft_of(corpus: Corpus) -> Draft:
    """A finished hierarchy as a draft. An attribute that it holds twice is there once."""
    return merged([corpus])


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
                sprout = draft.add(parent, proposal, source).sprout
                below += [(sprout, child) for child in item.children]
            level = below
    return draft


def _nodes(sprouts: Sequence[DraftNode], parent: str, sources: Collection[int]) -> tuple[Node, ...]:
    taken: set[str] = set()
    nodes = []
    for sprout in sprouts:
        proposal = sprout.proposal
        part = wanted = proposal.slug or slug(proposal.name)
        number = 1
        while part in taken:
            number += 1
            part = f"{wanted}-{number}"
        taken.add(part)
        id = f"{parent}/{part}" if parent else part
        nodes.append(
            Node(
                id=id,
                name=proposal.name,
                prompt=proposal.prompt,
                remove=proposal.remove,
                placebo=proposal.placebo,
                overrides=proposal.overrides,
                children=_nodes(sprout.children, id, sources),
                replaces=proposal.replaces,
                share=round(len(sprout.named_by & set(sources)) / len(sources), 4) if len(sources) > 1 else None,
                source=proposal.source,
            )
        )
    return tuple(nodes)
