"""What is done with the attributes of a hierarchy: added, removed, or each in turn."""

from __future__ import annotations

import dataclasses
from typing import Literal, TypeAlias

from diffex_cli.corpus.hierarchy import Corpus, Node

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


def _turned(node: Node, remove: bool) -> Node:
    children = tuple(_turned(child, remove) for child in node.children)
    if node.remove == remove:
        return dataclasses.replace(node, children=children)
    name = f"{node.name} ({'removed' if remove else 'added'})"
    return dataclasses.replace(
        node, name=name, remove=remove, replaces="" if remove else node.replaces, children=children
    )
