"""Which edit of an image stands for a candidate: a member's for a group's, and none where the image shows it already.

A group's effect is the mean of its members' (:attr:`~diffex_cli.core.hierarchy.Node.members`), all equally likely. So
each image gets one of them, every member about the same number of images; which one depends on the images' keys and the
seed alone. A group's member on an image is that of the group above it, if that is one of its own, so that an edit
serves every level. A removal takes away what the image shows, if that is known.

An attribute that is to be added and is seen in the original already, or to be removed and is not seen, changes nothing
by definition: its edit is the reconstruction.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence

from diffex_cli.core.hierarchy import Candidate, Corpus, Node, Term
from diffex_cli.measure.calibration import AS_READ, SEEN, Calibration
from diffex_cli.verifiers.base import Readings


class StandIns:
    """The edits that stand for a hierarchy's candidates.

    Args:
        corpus: as it is searched.
        images: keys of all input images.
        readings: of the originals at least, as far as there are any; those that are made later count too.
        calibration: what they mean.
    """

    def __init__(
        self,
        corpus: Corpus,
        images: Sequence[str],
        seed: int,
        readings: Readings,
        calibration: Calibration = AS_READ,
    ) -> None:
        self._corpus, self._readings, self._calibration = corpus, readings, calibration
        self._order = sorted(images, key=lambda key: hashlib.sha256(f"{seed}\n{key}".encode()).digest())
        self._nodes = {node.candidate.id: node for node in corpus.walk()}

    def candidate(self, candidate: Candidate, image: str) -> Candidate:
        """What is edited for a candidate on an image: the reconstruction if nothing is."""
        found = [self._term(asked, image) for asked in candidate.terms]
        if all(term is asked for term, asked in zip(found, candidate.terms, strict=True)):
            return candidate
        return Candidate(tuple({term.id: term for term in found if term is not None}.values()))

    def member(self, node: Node, image: str) -> Node:
        """The member of a group that an image gets; a node that is drawn is its own."""
        if node.drawn:
            return node
        if node.remove and (shown := [one for one in node.members if self._reading(one, image) >= SEEN]):
            return max(shown, key=lambda one: self._reading(one, image))
        return self._members[node.candidate.id][image]

    def _term(self, asked: Term, image: str) -> Term | None:
        """The term that stands for one; ``None`` if the image is so already."""
        node = self._nodes.get(asked.id)
        member = None if node is None else self.member(node, image)
        if member is None:
            return asked
        reading = self._reading(member, image)
        if not math.isnan(reading) and (reading >= SEEN) != member.remove:
            return None
        (term,) = member.candidate.terms
        return term

    def _reading(self, node: Node, image: str) -> float:
        return self._calibration.probability(node.id, self._readings.get(image, {}).get(node.id, math.nan))

    @functools.cached_property
    def _members(self) -> Mapping[str, Mapping[str, Node]]:
        """Group's candidate id → image → member."""
        found: dict[str, dict[str, Node]] = {}
        for root in self._corpus.roots:
            found |= self._assigned(root, {})
        return found

    def _assigned(self, node: Node, above: Mapping[str, Node]) -> dict[str, dict[str, Node]]:
        if not node.children:
            return {}
        own = above if node.drawn else dict(self._shared_out(node, above))
        found = {} if node.drawn else {node.candidate.id: {**own}}
        for child in node.children:
            found |= self._assigned(child, own)
        return found

    def _shared_out(self, node: Node, above: Mapping[str, Node]) -> Iterator[tuple[str, Node]]:
        """Image and member, for every image; each half of a holdout (every second image) is balanced by itself."""
        members = {one.candidate.id: one for one in node.members}
        for half, first in ((self._order[::2], 1), (self._order[1::2], -1)):
            kept = {image: above[image] for image in half if image in above and above[image].candidate.id in members}
            counts = dict.fromkeys(list(members)[::first], 0)
            for one in kept.values():
                counts[one.candidate.id] += 1
            for image in half:
                if image not in kept:
                    id = min(counts, key=lambda id: counts[id])
                    counts[id] += 1
                    kept[image] = members[id]
            yield from kept.items()
