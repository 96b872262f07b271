"""Sentences that know which of their words name an attribute, so that a page can link them. Plain values, no markup."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from diffex_cli.core.printable import printable


@dataclasses.dataclass(frozen=True, slots=True)
class Segment:
    """Some words of a sentence.

    Attributes:
        text: the words.
        candidate: id of the attribute that they name; ``None`` for all other words.
    """

    text: str
    candidate: str | None = None


Text: TypeAlias = tuple[Segment, ...]


def words(*pieces: str | Segment | Text) -> Text:
    """A sentence of its pieces, in their order; plain words side by side become one segment."""
    joined: list[Segment] = []
    for segment in _segments(pieces):
        if joined and segment.candidate is None and joined[-1].candidate is None:
            joined[-1] = Segment(joined[-1].text + segment.text)
        elif segment.text:
            joined.append(segment)
    return tuple(joined)


def listed(texts: Iterable[Text], separator: str = ", ") -> Text:
    """The texts, with a separator between them."""
    pieces: list[str | Text] = []
    for text in texts:
        pieces += [separator, text] if pieces else [text]
    return words(*pieces)


def plain(text: Text) -> str:
    """The sentence as it is read, on one line."""
    return printable("".join(segment.text for segment in text))


def _segments(pieces: Iterable[str | Segment | Text]) -> Iterator[Segment]:
    for piece in pieces:
        if isinstance(piece, str):
            yield Segment(piece)
        elif isinstance(piece, Segment):
            yield piece
        else:
            yield from piece
