"""The hierarchy of attributes, H in the paper's Algorithm 1, and the candidates that are made of it, as pure data.

A *candidate* is a set of attributes, each added (+) or removed (−), that one edit applies. The empty candidate is the
*reconstruction*: the editor's output when it is asked for nothing. All effects are measured against it.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias


@dataclasses.dataclass(frozen=True, slots=True)
class Term:
    """One attribute of a candidate.

    Attributes:
        node: the corpus node's id, e.g. ``"head/crest/tall-crest"``.
        prompt: the words the editor is given.
        remove: take the attribute away instead of adding it.
        overrides: the node's own editor settings (e.g. ``{"guidance": 4.0, "threshold": 0.9}``).
        replaces: words for what the attribute takes the place of (e.g. ``"long tail"``), which the
            editor takes away in the same edit; empty for nothing.
    """

    node: str
    prompt: str
    remove: bool = False
    overrides: Mapping[str, float] = dataclasses.field(default_factory=dict)
    replaces: str = ""

    @property
    def id(self) -> str:
        """The node's id, with a leading ``-`` if the attribute is removed."""
        return f"-{self.node}" if self.remove else self.node

    @property
    def place(self) -> str:
        """Words for what can be seen where the attribute goes: what it replaces, or takes away, else itself."""
        return self.prompt if self.remove else self.replaces or self.prompt


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A set of terms, kept sorted by node id."""

    terms: tuple[Term, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", tuple(sorted(self.terms, key=lambda term: (term.node, term.remove))))

    @functools.cached_property
    def id(self) -> str:
        """The terms' ids joined by ``" + "``; empty for the reconstruction."""
        return " + ".join(term.id for term in self.terms)

    @functools.cached_property
    def asked(self) -> tuple[tuple[str, bool, tuple[tuple[str, float], ...], str], ...]:
        """What an editor is told of each term: prompt, whether to remove it, overrides, what it replaces."""
        return tuple((one.prompt, one.remove, _floats(one.overrides), one.replaces) for one in self.terms)


def _floats(overrides: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple((name, float(value)) for name, value in overrides.items())


RECONSTRUCTION = Candidate()


Group: TypeAlias = Literal["members", "words"]


@dataclasses.dataclass(frozen=True)
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
        group: how a node with finer ones is measured: by them (``members``), or by an edit with its own words.
        question: a short yes/no question about a picture: whether what the prompt names is there; empty for none.
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
    group: Group = "members"
    question: str = ""

    @property
    def drawn(self) -> bool:
        """It is measured by an edit with its own words."""
        return not self.children or self.group == "words"

    @functools.cached_property
    def members(self) -> tuple[Node, ...]:
        """What a group is measured by, in the order of the file: the finest nodes below it that are drawn, and the
        groups that are."""
        return tuple(one for child in self.children for one in ((child,) if child.drawn else child.members))

    @functools.cached_property
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


def is_within(id: str, above: str) -> bool:
    """A node is another one, or below it; both by their ids."""
    return id == above or id.startswith(f"{above}/")


def slug(name: str) -> str:
    """A name as one part of a node id: lower case, words joined by ``-``."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


Direction: TypeAlias = Literal["corpus", "add", "remove", "both"]


def directed(corpus: Corpus, direction: Direction) -> Corpus:
    """A hierarchy with its attributes added or removed.

    Args:
        corpus: each of its nodes says itself whether it is added or removed.
        direction: ``corpus`` leaves that as it is; ``add`` and ``remove`` do the one to all. ``both`` holds the
            hierarchy twice, once added and once removed, which compete for the same beam; a node and its twin have the
            same id, and different candidate ids.

    Returns:
        the hierarchy; a node that is now the other way round says so in its name, and one that is now removed takes
        the place of nothing.
    """
    if direction == "corpus":
        return corpus
    removes = {"add": (False,), "remove": (True,), "both": (False, True)}[direction]
    return Corpus(corpus.domain, tuple(_turned(root, remove) for remove in removes for root in corpus.roots))


Groups: TypeAlias = Literal["corpus", "members", "words"]


def grouped(corpus: Corpus, groups: Groups) -> Corpus:
    """A hierarchy with its groups all measured by their members, or all by their words; ``corpus`` leaves each node as
    it says."""
    if groups == "corpus":
        return corpus
    return Corpus(corpus.domain, tuple(_grouped(root, groups) for root in corpus.roots))


def _grouped(node: Node, group: Group) -> Node:
    return dataclasses.replace(node, group=group, children=tuple(_grouped(child, group) for child in node.children))


def _turned(node: Node, remove: bool) -> Node:
    children = tuple(_turned(child, remove) for child in node.children)
    if node.remove == remove:
        return dataclasses.replace(node, children=children)
    name = f"{node.name} ({'removed' if remove else 'added'})"
    return dataclasses.replace(
        node, name=name, remove=remove, replaces="" if remove else node.replaces, children=children
    )
