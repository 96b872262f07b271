"""Which images are held out, to measure effects again on images that the search did not use.

The attribute that won a search won partly by luck, and its effect on the images that it won on is too large (the
winner's curse). On other images of the same kind it is not.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence

HOLDOUT_MINIMUM = 96
"""From this many images on half of them are held out: the search then has 48 or more, of which half is too few
(docs/design.md, decision 45). Corrected p-values are what keeps claims honest either way."""


@dataclasses.dataclass(frozen=True, slots=True)
class Split:
    """Which images are for the search and which are held out, by their positions, ascending."""

    search: tuple[int, ...]
    holdout: tuple[int, ...]


def holdout_by_default(n_images: int) -> bool:
    """Whether there are enough images to hold half of them out."""
    return n_images >= HOLDOUT_MINIMUM


def split(keys: Sequence[str], *, seed: int = 0) -> Split:
    """Hold out half of the images, of an odd number the smaller half: which depends on the keys, all different, and
    the seed, not on their order."""
    if len(set(keys)) != len(keys):
        raise ValueError("every image must have a key of its own")
    order = sorted(range(len(keys)), key=lambda i: hashlib.sha256(f"{seed}\n{keys[i]}".encode()).digest())
    return Split(search=tuple(sorted(order[::2])), holdout=tuple(sorted(order[1::2])))
