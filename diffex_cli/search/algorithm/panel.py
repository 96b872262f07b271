"""The one order in which every candidate gets the images.

All candidates see the same first images, so that they are compared on shared images, and each beginning of
the order is a small picture of the whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence


def panel_order(keys: Sequence[str], strata: Sequence[Hashable] | None = None) -> tuple[int, ...]:
    """The images in an order whose every beginning holds each stratum about in proportion.

    Within a stratum the images follow a digest of their keys, which is as good as drawing them at random and does
    not depend on where they stand. The strata are interleaved by systematic sampling: the i-th image
    (from 0) of a stratum of g images takes the place (i + u) / g in [0, 1), where u is a number in
    [0, 1) of that stratum's own, from a digest too. Of m images at the front of N, a stratum of g therefore has
    m·g/N, up to the rounding of all strata.

    Args:
        keys: each once.
        strata: for each image what it is like, such as its predicted class; ``None`` for one stratum.

    Returns:
        the images' indices in ``keys``; as keys, the order does not depend on the order of the input.
    """
    if len(set(keys)) != len(keys):
        raise ValueError("an image occurs twice in the panel")
    if strata is not None and len(strata) != len(keys):
        raise ValueError(f"{len(keys)} images, but {len(strata)} strata")
    digests = [_digest(key) for key in keys]
    groups: dict[Hashable, list[int]] = {}
    for index in sorted(range(len(keys)), key=lambda index: digests[index]):
        groups.setdefault(None if strata is None else strata[index], []).append(index)
    places: dict[int, float] = {}
    for members in groups.values():
        # of the members, not of the stratum's name: what a class is called must not matter
        start = int(_digest(digests[members[0]])[:13], 16) / 16**13
        places.update((index, (rank + start) / len(members)) for rank, index in enumerate(members))
    return tuple(sorted(places, key=lambda index: (places[index], digests[index])))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
