"""Which single changes an explanation does not account for. Pure functions."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True)
class Surprise:
    """One image on which an attribute did something else than on the others.

    Attributes:
        candidate: the attribute's id.
        image: the image's key.
        change: Δ of the target on this image.
        mean: mean Δ over the other images.
    """

    candidate: str
    image: str
    change: float
    mean: float

    @property
    def residual(self) -> float:
        """Δ beyond the mean of the others."""
        return self.change - self.mean


def surprises(changes: Mapping[str, Mapping[str, float]], least: float, most: int) -> tuple[Surprise, ...]:
    """The largest residuals of an image's Δ against its attribute's mean over the other images.

    Each image comes once, and the attributes take turns: one that varies on every image does not
    crowd out the others.

    Args:
        changes: attribute id → image key → Δ, finite.
        least: a smaller residual, in absolute value, is none.
        most: how many are wanted.

    Returns:
        At most ``most``, the largest residual first.
    """
    found = []
    for candidate, by_image in changes.items():
        total, n = sum(by_image.values()), len(by_image)
        if n < 2:
            continue
        for image, change in by_image.items():
            one = Surprise(candidate, image, change, (total - change) / (n - 1))
            if abs(one.residual) >= max(least, 1e-12):
                found.append(one)
    found.sort(key=_largest_first)
    chosen: list[Surprise] = []
    turns: Counter[str] = Counter()
    while len(chosen) < most:
        seen = {one.image for one in chosen}
        left = [one for one in found if one.image not in seen]
        if not left:
            break
        fewest = min(turns[one.candidate] for one in left)
        one = next(one for one in left if turns[one.candidate] == fewest)
        chosen.append(one)
        turns[one.candidate] += 1
    return tuple(sorted(chosen, key=_largest_first))


def _largest_first(one: Surprise) -> tuple[float, str, str]:
    return -abs(one.residual), one.candidate, one.image
