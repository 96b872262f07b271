"""What is known of a picture beforehand: the records of the embedded birds."""

from __future__ import annotations

from diffex_cli.birds import samples
from diffex_cli.birds.attributes import Bird
from diffex_cli.birds.meanings import MEANINGS
from diffex_cli.core.hierarchy import Candidate, Term


def shows_already(image: str, candidate: Candidate) -> bool | None:
    """Whether a picture shows all that a candidate asks for, as its record says; of a group, one of its members is
    enough.

    Args:
        image: the picture's key, a digest of its pixels.

    Returns:
        ``None`` for a picture without a record, and for words that mean nothing there.
    """
    bird = samples.records().get(image)
    if bird is None or not candidate.terms or any(not MEANINGS.get(term.prompt) for term in candidate.terms):
        return None
    return all(_shows(bird, term) for term in candidate.terms)


def _shows(bird: Bird, term: Term) -> bool:
    there = any(bird.value(attribute) == value for attribute, value in MEANINGS[term.prompt])
    return there != term.remove
