"""Hierarchies as the paper's public code writes them: nested JSON, without ids, prompts or a schema.

::

    {"domain": "faces", "categories": {"facial hair": {"beard": ["Balbo beard", "anchor beard"], "mustache": []}}}

Below ``categories`` an object's keys are attributes and its values what is below each; a list holds texts or
further objects; a text, ``null`` or nothing ends a branch. Depth is free.
"""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from diffex_cli.artifacts.corpus_yaml import MAX_DEPTH
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Corpus, Node, slug
from diffex_cli.core.plain_json import read_json


def is_nested_json(text: str) -> bool:
    """Whether a file is meant to be one: it begins as a JSON object and names no diffex schema."""
    return text.lstrip("\ufeff \t\r\n").startswith("{") and '"categories"' in text and '"diffex.corpus/' not in text


def parse_nested_json(text: str, source: str, domain: str) -> Corpus:
    """Read a hierarchy.

    A name that comes twice below one parent is there once, with the children of both.

    Args:
        source: the file's name, for errors.
        domain: taken if the file names none.
    """
    content = read_json(text, source, pairs=_Pairs)
    top = dict(content)
    named = top.get("domain", domain)
    if not isinstance(named, str) or not named.strip():
        raise UsageError(f"{source}: domain: must be text")
    roots = _Reader(source).nodes(top.get("categories"), ("categories",), "")
    if not roots:
        raise UsageError(f"{source}: categories: is empty: give at least one attribute")
    return Corpus(" ".join(named.split()), roots)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object whose keys may repeat."""


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source

    def nodes(self, value: object, path: tuple[str, ...], parent: str) -> tuple[Node, ...]:
        if len(path) > MAX_DEPTH + 1:
            self._fail(path[:4], f"is nested more than {MAX_DEPTH} levels deep: make it flatter")
        nodes: dict[str, Node] = {}
        for name, below in self._entries(value, path):
            text = " ".join(name.split())
            part = slug(text)
            if not part or any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
                self._fail(path, f"the name {name!r} has no letter a–z or digit: write an English one")
            id = f"{parent}/{part}" if parent else part
            node = Node(id, text, text, children=self.nodes(below, (*path, name), id))
            nodes[id] = _joined(nodes[id], node) if id in nodes else node
        return tuple(nodes.values())

    def _entries(self, value: object, path: tuple[str, ...]) -> Iterator[tuple[str, object]]:
        match value:
            case None | "":
                return
            case _Pairs():
                yield from value
            case str():
                yield value, None
            case list():
                for item in value:
                    if isinstance(item, list) and not isinstance(item, _Pairs):
                        self._fail(path, "a list may hold texts and objects, not lists")
                    yield from self._entries(item, path)
            case _:
                self._fail(path, f"must be an object, a list or a text, not {value!r}")

    def _fail(self, path: Sequence[str], problem: str) -> NoReturn:
        raise UsageError(f"{self._source}: {' > '.join(path)}: {problem}")


def _joined(first: Node, second: Node) -> Node:
    children = {child.id: child for child in first.children}
    for child in second.children:
        children[child.id] = _joined(children[child.id], child) if child.id in children else child
    return dataclasses.replace(first, children=tuple(children.values()))
