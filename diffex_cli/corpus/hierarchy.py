"""The hierarchy of attributes, H in the paper's Algorithm 1, as pure data."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping

from diffex_cli.candidates import Candidate, Term


@dataclasses.dataclass(frozen=True, slots=True)
class Node:
    """One attribute.

    Attributes:
        id: the path of slugs from the root, e.g. ``"head/crest/tall-crest"``.
        name: what people read.
        prompt: what the editor is given.
        remove: the attribute is taken away rather than added.
        placebo: the domain's images cannot have it; a true explanation finds no effect.
        overrides: editor settings for this node alone.
        children: the finer attributes.
        replaces: words for what the attribute takes the place of, taken away in the same edit.
        share: of several runs or providers, the share in (0, 1] that named it; ``None`` if only one was asked.
        source: the passage that it was taken from, and where that stands; empty if none is known.
    """

    id: str
    name: str
    prompt: str
    remove: bool = False
    placebo: bool = False
    overrides: Mapping[str, float] = dataclasses.field(default_factory=dict)
    children: tuple[Node, ...] = ()
    replaces: str = ""
    share: float | None = None
    source: str = ""

    @property
    def candidate(self) -> Candidate:
        """The candidate of this attribute alone."""
        return Candidate((Term(self.id, self.prompt, self.remove, self.overrides, self.replaces),))

    def walk(self) -> Iterator[Node]:
        """This node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclasses.dataclass(frozen=True, slots=True)
class Corpus:
    """A domain's hierarchy."""

    domain: str
    roots: tuple[Node, ...]

    def walk(self) -> Iterator[Node]:
        """All nodes, parents before children, in the order of the file."""
        for root in self.roots:
            yield from root.walk()

    def node(self, id: str) -> Node:
        """The node of an id.

        Raises:
            KeyError: there is none.
        """
        for node in self.walk():
            if node.id == id:
                return node
        raise KeyError(id)


def slug(name: str) -> str:
    """A name as one part of a node id: lower case, words joined by ``-``."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
