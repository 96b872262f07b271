"""What attributes do together beyond what they do one by one."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from diffex_cli.search.statistics.arrays import aligned
from diffex_cli.search.statistics.intervals import Estimate, mean_interval


@dataclasses.dataclass(frozen=True, slots=True)
class Interaction:
    """A joint effect taken apart, all of it on the images where every edit succeeded.

    Attributes:
        singles: effect of each attribute alone, in the order given.
        sum: Δ_a + Δ_b + …, what the joint effect would be if the attributes did not know of each other.
        interaction: Δ_ab… − Δ_a − Δ_b − …; its interval is of the per-image differences, so it is paired.
    """

    singles: tuple[Estimate, ...]
    sum: Estimate
    interaction: Estimate
    n: int


def interaction(joint: ArrayLike, singles: Sequence[ArrayLike]) -> Interaction:
    """Compare a joint edit with its attributes one by one.

    For three attributes or more, only the singles are taken off, so that what pairs among them do is part of the
    interaction.

    Args:
        joint: Δ of shape (n_images,), NaN where the edit failed.
        singles: the same for each of its attributes, two or more.

    Source: the paper's "Explaining Classifiers with Joint Attributes"; VanderWeele 2015, "Explanation in Causal
    Inference" (interaction on the additive scale).
    """
    if len(singles) < 2:
        raise ValueError("a joint effect is of two attributes or more")
    arrays = np.stack(aligned(joint, *singles))
    together, *alone = arrays[:, ~np.isnan(arrays).any(axis=0)]
    # exactly rounded, so that the attributes' order does not matter
    total = np.array([math.fsum(parts) for parts in zip(*alone, strict=True)])
    return Interaction(
        singles=tuple(mean_interval(one) for one in alone),
        sum=mean_interval(total),
        interaction=mean_interval(together - total),
        n=len(together),
    )
