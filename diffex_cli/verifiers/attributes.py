"""What verifiers are asked about: the attributes of a hierarchy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from diffex_cli.artifacts.keys import digest
from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.verifiers.base import Attribute

CLASS = "class:"
"""What the id of an image's own class, as an attribute, begins with; no attribute of a hierarchy has a colon."""


def attributes_of(corpus: Corpus) -> tuple[Attribute, ...]:
    """Those that are drawn, in the order of the file: the finest, and the groups that are drawn by their own words.
    Placebos are left out: the images cannot have them."""
    drawn = {node.id for node in corpus.walk() if _is_drawn(node)}
    return tuple(one for one in every_attribute(corpus) if one.id in drawn)


def every_attribute(corpus: Corpus) -> Iterator[Attribute]:
    """All nodes as attributes, groups and placebos too. Only those that are drawn are siblings of each other."""
    return _attributes(corpus.roots)


def _attributes(family: Sequence[Node]) -> Iterator[Attribute]:
    for node in family:
        others = [one for one in family if one.id != node.id and _is_drawn(one)]
        siblings, prompts = tuple(one.id for one in others), tuple(one.prompt for one in others)
        yield Attribute(node.id, node.name, node.prompt, siblings, node.question, prompts)
        yield from _attributes(node.children)


def class_attribute(label: str) -> Attribute:
    """An image's own class as what a verifier is asked about."""
    return Attribute(f"{CLASS}{label}", label, f"a photo of a {label}", question=f"Does this picture show a {label}?")


def digests_of(corpus: Corpus) -> Callable[[str], str | None]:
    """Attribute's id, or class's → the digest of what a verifier is told of it; ``None`` if there is none."""
    known = {one.id: asked(one) for one in every_attribute(corpus)}

    def digest_of(id: str) -> str | None:
        return asked(class_attribute(id.removeprefix(CLASS))) if id.startswith(CLASS) else known.get(id)

    return digest_of


def asked(attribute: Attribute) -> str:
    """The digest of all that a verifier is told of an attribute: a reading is of no use once that is another."""
    told = [attribute.name, attribute.prompt, attribute.question, list(attribute.sibling_prompts)]
    return digest(told)[:16]


def _is_drawn(node: Node) -> bool:
    return not node.placebo and node.drawn
