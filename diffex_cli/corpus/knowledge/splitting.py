"""Paragraphs as passages of a few sentences, long enough to be understood and short enough to be quoted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from diffex_cli.corpus.knowledge.documents import Paragraph

SENTENCES = 4
"""How many sentences a passage has, at most."""

_ENOUGH = 300
"""A passage of so many characters ends with its paragraph."""

LONGEST = 800
"""A passage has at most so many characters."""

_END = re.compile(r"(?<=[.!?…])([\"'”’)\]]*)\s+(?=[\"'“‘(\[]*[A-Z0-9À-ÖØ-Þ])|(?<=[。！？])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|ca|approx|resp|fig|figs|eq|sec|tab|ref|refs|no|nos|vol|pp?|dr|prof|mr|mrs|ms|st|sp|spp|var|"
    r"subsp|syn|al|etc|ed|eds)|\b[A-Z])\.$",
    re.IGNORECASE,
)


def split(paragraphs: Iterable[Paragraph]) -> Iterator[Paragraph]:
    """Passages in the order of the text. One stands where its first sentence does, within one section."""
    first: Paragraph | None = None
    held: list[str] = []
    for paragraph in paragraphs:
        enough = len(held) >= SENTENCES or _length(held) >= _ENOUGH
        if first is not None and (enough or paragraph.section != first.section):
            yield _joined(first, held)
            first, held = None, []
        elif held and held[-1][-1].isalnum():
            held[-1] += ";"  # the items of a list
        for sentence in sentences(paragraph.text):
            if first is not None and (len(held) >= SENTENCES or _length([*held, sentence]) > LONGEST):
                yield _joined(first, held)
                first, held = None, []
            first = first or paragraph
            held.append(sentence)
    if first is not None:
        yield _joined(first, held)


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text on one line; one that is longer than a passage may be comes in pieces."""
    begin = 0
    for match in _END.finditer(text):
        sentence = text[begin : match.end()].strip()
        if _ABBREVIATION.search(sentence):
            continue
        yield from _pieces(sentence)
        begin = match.end()
    yield from _pieces(text[begin:].strip())


def _pieces(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST:
        cut = sentence.rfind(" ", 0, LONGEST + 1)
        cut = cut if cut > 0 else LONGEST
        yield sentence[:cut].rstrip()
        sentence = sentence[cut:].lstrip()
    if sentence:
        yield sentence


def _length(held: list[str]) -> int:
    return sum(map(len, held)) + max(len(held) - 1, 0)


def _joined(first: Paragraph, held: list[str]) -> Paragraph:
    return Paragraph(" ".join(held), first.place, first.section, first.heading)
