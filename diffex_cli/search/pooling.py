"""A group's effect by all of its members, as far as a search has edited them anyway.

At first a group is measured by one member an image (:mod:`diffex_cli.measure.standing_in`). Once it was opened, the
edits of what is below it are there too: their mean on an image, each child weighted by how many members it has, is of
the same expectation, and what differs between the members no longer blurs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from diffex_cli.core.hierarchy import Candidate, Corpus, Node
from diffex_cli.measure.session import EditWish

Parts = Sequence[tuple[Candidate, float]]
"""What is edited, and its share in the effect; the shares sum to 1."""


class Pools:
    """Which edits of an image a candidate's effect is the mean of; one of each image before the first :meth:`renew`.

    Args:
        edited: what is edited on an image for a candidate alone.
        measured: that edit has finite scores.
    """

    def __init__(
        self, corpus: Corpus, edited: Callable[[Candidate, str], Candidate], measured: Callable[[Candidate, str], bool]
    ) -> None:
        # what a removal takes away is what the image shows, which is no mean over the members
        groups = (node for node in corpus.walk() if not node.drawn and not node.remove)
        self._groups = {node.candidate.id: node for node in groups}
        self._edited, self._measured = edited, measured
        self._tried: set[tuple[str, str]] = set()
        self._pooled: frozenset[tuple[str, str]] = frozenset()
        self._opened: frozenset[str] = frozenset()
        self._known: dict[tuple[str, str], Parts] = {}

    def add(self, wishes: Iterable[EditWish]) -> None:
        """These are edited: the next :meth:`renew` may count on them."""
        self._tried |= {(candidate.id, image) for candidate, images in wishes for image in images}

    def renew(self) -> bool:
        """From now on pool all that was edited so far; false if that is what is pooled already."""
        found = frozenset(
            (id, image)
            for id, node in self._groups.items()
            for image in {image for one, image in self._tried if one == node.children[0].candidate.id}
            if all((child.candidate.id, image) in self._tried for child in node.children)
        )
        anew = found != self._pooled
        self._pooled, self._known = found, {}
        self._opened = frozenset(id for id, _ in found)
        return anew

    def pooled(self, candidate: Candidate) -> bool:
        """On an image or more its effect may be a mean over several edits."""
        return candidate.id in self._opened

    def parts(self, candidate: Candidate, image: str) -> Parts:
        """What the candidate's effect on an image is the mean of; its own edit alone if one of them failed."""
        key = candidate.id, image
        if key not in self._known:
            self._known[key] = self._parts(candidate, image)
        return self._known[key]

    def _parts(self, candidate: Candidate, image: str) -> Parts:
        alone = [(self._edited(candidate, image), 1.0)]
        if (candidate.id, image) not in self._pooled:
            return alone
        children = self._groups[candidate.id].children
        found: dict[str, tuple[Candidate, float]] = {}
        for child, share in zip(children, _shares(children), strict=True):
            for edited, weight in self.parts(child.candidate, image):
                before = found.get(edited.id, (edited, 0.0))[1]
                found[edited.id] = edited, before + share * weight
        if not all(self._measured(edited, image) for edited, _ in found.values()):
            return alone
        return [found[id] for id in sorted(found)]  # the hierarchy's order has no influence


def _shares(children: Sequence[Node]) -> list[float]:
    counts = [1 if child.drawn else len(child.members) for child in children]
    return [count / sum(counts) for count in counts]
