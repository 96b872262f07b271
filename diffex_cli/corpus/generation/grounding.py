"""The seam to a folder of texts about the domain: passages that ground the questions."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Protocol

_LONGEST = 2000


@dataclasses.dataclass(frozen=True, slots=True)
class Passage:
    """A few sentences, and where they stand, such as ``guides/retina.pdf, p. 3``."""

    text: str
    source: str


class Index(Protocol):
    """Finds passages."""

    def search(self, query: str, k: int) -> Sequence[Passage]:
        """At most ``k`` passages for a query, the best first."""
        ...


def quoted(passage: Passage) -> str:
    """A passage with its source, on one line and at most 2,000 characters long, as a corpus file keeps it."""
    text = " ".join(passage.text.split())
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1].rstrip() + "…"
    return f"{' '.join(passage.source.split())}: {text}"
