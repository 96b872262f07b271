"""What a verifier looks at besides an edit's own attributes: what is protected, the image's own class, a sample."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping

from diffex_cli.artifacts.rows import InputImage, MeasuredRow, RankingRow
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Corpus, slug
from diffex_cli.core.registry import close_match
from diffex_cli.verifiers.attributes import CLASS

SAMPLED = 8
"""Of so many edits of each attribute that was shown to matter a verifier that costs is asked about everything."""


def protected(corpus: Corpus, wanted: Iterable[str]) -> tuple[str, ...]:
    """The ids of the attributes that somebody protects; with a group all below it is.

    Args:
        wanted: ids; or words, which protect every attribute that has all of them in its name.

    Raises:
        UsageError: there is no such attribute.
    """
    names = {node.id: node.name for node in corpus.walk()}
    found: dict[str, None] = {}
    for text in wanted:
        words = set(slug(text).split("-"))
        own = [text] if text in names else [id for id, name in names.items() if words <= set(slug(name).split("-"))]
        if not own or not slug(text):
            raise UsageError(
                f"--protect {text}: the hierarchy has no attribute of this id or with these words in its name"
                f"{close_match(text, (*names, *names.values()))}; corpus.yaml lists them"
            )
        found |= dict.fromkeys(own)
    return tuple(found)


def own_classes(images: Mapping[str, InputImage], target: str | None) -> dict[str, str]:
    """Image's key → its own class as a verifier is asked about it: its label, or where none has one what is explained.

    Args:
        target: as the artifacts call it; ``None`` if it is not known yet.
    """
    is_class = target is not None and target not in ("predicted", "all") and " - " not in target
    labels = {key: image.label for key, image in images.items() if image.label}
    if not labels and is_class:
        labels = dict.fromkeys(images, str(target))
    return {key: f"{CLASS}{label}" for key, label in labels.items()}


def reported(ranking: Iterable[RankingRow]) -> set[str]:
    """The ids of the candidates whose edits are sampled."""
    return {row.candidate for row in ranking if row.claim == "matters"}


def sampled(measured: Iterable[MeasuredRow], candidates: Collection[str], seed: int) -> list[MeasuredRow]:
    """Of each of these candidates the edits of :data:`SAMPLED` images, at random and mostly the same ones, since their
    reconstructions are looked at too."""
    own: dict[str, list[MeasuredRow]] = {}
    for row in measured:
        if row.candidate in candidates and not row.shown and not row.held_out:
            own.setdefault(row.candidate, []).append(row)
    return [row for rows in own.values() for row in sorted(rows, key=lambda one: _place(one.image, seed))[:SAMPLED]]


def _place(image: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\nsample\n{image}".encode()).digest()
