"""Effects measured again on images that the search did not use.

The attribute that won a search won partly by luck, and its effect on the images that it won on is too large (the
winner's curse). On other images of the same kind it is not.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from diffex_cli.search.statistics.arrays import vector
from diffex_cli.search.statistics.intervals import DEFAULT_METHOD, Estimate, Method, mean_interval

HOLDOUT_MINIMUM = 40
"""From this many images on half of them are held out: each half then has 20 or more, where the t quantile of an
interval is within 7 % of the normal one. Below, half the images tell too little."""


@dataclasses.dataclass(frozen=True, slots=True)
class Split:
    """Which images are for the search and which are held out.

    Attributes:
        search: positions of the images, ascending.
        holdout: the others, ascending.
    """

    search: tuple[int, ...]
    holdout: tuple[int, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Reestimate:
    """One candidate's effect on both parts.

    Attributes:
        search: on the images that the search saw; biased away from zero for what it chose.
        holdout: on the others; unbiased.
        confirmed: the held-out interval excludes zero, on the side of the search's effect.
    """

    search: Estimate
    holdout: Estimate
    confirmed: bool


def holdout_by_default(n_images: int) -> bool:
    """Whether there are enough images to hold half of them out."""
    return n_images >= HOLDOUT_MINIMUM


def split(keys: Sequence[str], *, share: float = 0.5, strata: Sequence[str] | None = None, seed: int = 0) -> Split:
    """Hold out a share of the images.

    Who is held out depends on the keys (and the strata and the seed), not on their order. Every stratum gives its
    share, to within one image, and so do all of them together.

    Args:
        keys: image keys, all different.
        share: held out, in (0, 1).
        strata: for every image a name, such as the class predicted; ``None`` for one stratum.
        seed: another seed, another split.

    Raises:
        ValueError: a key comes twice, the lengths differ, or the share is out of its range.
    """
    names = [""] * len(keys) if strata is None else list(strata)
    if len(set(keys)) != len(keys) or len(names) != len(keys):
        raise ValueError("every image must have a key of its own, and a stratum")
    if not 0 < share < 1:
        raise ValueError(f"share {share} in (0, 1) must hold")
    digests = [hashlib.sha256(f"{seed}\n{key}".encode()).digest() for key in keys]
    order = sorted(range(len(keys)), key=lambda i: (names[i], digests[i]))
    # every (1 / share)-th of the sorted images
    steps = [math.floor((place + 1) * share + 1e-9) for place in range(-1, len(order))]
    held = {image for place, image in enumerate(order) if steps[place + 1] > steps[place]}
    return Split(
        search=tuple(i for i in range(len(keys)) if i not in held),
        holdout=tuple(sorted(held)),
    )


def reestimate(deltas: ArrayLike, parts: Split, *, method: Method = DEFAULT_METHOD) -> Reestimate:
    """A candidate's effect on either part.

    Args:
        deltas: Δ of shape (n_images,), NaN where the edit failed or was not made.
        parts: from :func:`split`, of the same images.
        method: of the intervals.

    Raises:
        ValueError: the split is of another number of images.
    """
    array = vector(deltas)
    if len(parts.search) + len(parts.holdout) != len(array):
        raise ValueError(f"a split of {len(parts.search) + len(parts.holdout)} images for {len(array)} deltas")
    seen, unseen = (
        mean_interval(array[np.array(part, dtype=np.intp)], method=method) for part in (parts.search, parts.holdout)
    )
    confirmed = unseen.excludes_zero and seen.mean * unseen.mean > 0
    return Reestimate(seen, unseen, confirmed)
