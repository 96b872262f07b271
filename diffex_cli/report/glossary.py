"""What the words of a report mean, from the one file that the page and ``docs/glossary.md`` read."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator
from importlib import resources


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A word and its meaning.

    Attributes:
        id: what a link names.
        term: the word, or several that belong together.
        text: the meaning, in plain words.
        marks: how the word stands in sentences.
        quantity: ``logit`` for what is only of interest where effects are in logits; empty for all others.
    """

    id: str
    term: str
    text: str
    marks: tuple[str, ...] = ()
    quantity: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a text, and the id of the entry that explains them, if one does."""

    text: str
    entry: str | None = None


@functools.cache
def entries() -> tuple[Entry, ...]:
    """The glossary, in the order in which one would read it."""
    from diffex_cli.core.plain_files import read_yaml

    text = resources.files("diffex_cli.report").joinpath("glossary.yaml").read_text(encoding="utf-8")
    return tuple(Entry(**{**one, "marks": tuple(one.get("marks", ()))}) for one in read_yaml(text, "glossary.yaml"))


def of_quantity(quantity: str) -> tuple[Entry, ...]:
    """The entries of a report whose effects are changes of a ``logit``, a ``probability`` or a ``score``."""
    return tuple(entry for entry in entries() if entry.quantity in ("", quantity))


def explained(text: str, seen: set[str]) -> Iterator[Piece]:
    """A text in pieces, of which the words that the glossary explains name their entry.

    Args:
        text: plain words.
        seen: the ids that need no link any more; those that get one are added.
    """
    pattern, ids = _pattern()
    start = 0
    for found in pattern.finditer(text):
        entry = ids[found[0].lower().replace("\N{NO-BREAK SPACE}", " ")]
        if entry in seen:
            continue
        seen.add(entry)
        if found.start() > start:
            yield Piece(text[start : found.start()])
        yield Piece(found[0], entry)
        start = found.end()
    if start < len(text):
        yield Piece(text[start:])


def markdown() -> str:
    """The page of the documentation."""
    told = "\n\n".join(f"**{entry.term}**  \n{entry.text}" for entry in entries())
    return f"{_HEAD}\n{told}\n"


_HEAD = """\
# Glossary

What the words of a report mean. Written by `python docs/generate_glossary.py` from
`diffex_cli/report/glossary.yaml`, which the report's page reads too; do not edit.
"""


@functools.cache
def _pattern() -> tuple[re.Pattern[str], dict[str, str]]:
    ids = {mark: entry.id for entry in entries() for mark in entry.marks}
    longest_first = sorted(ids, key=len, reverse=True)
    marks = "|".join(re.escape(mark).replace(r"\ ", "[ \N{NO-BREAK SPACE}]") for mark in longest_first)
    return re.compile(rf"(?<!\w)(?:{marks})(?!\w)", re.IGNORECASE), ids
