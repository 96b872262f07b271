"""Classifiers drawn by lot: functions of what the probe sees, whose attributes, values and shapes nobody chose.

``drawn-0`` and so on; the same number is always the same one. To judge a choice, take numbers that were not looked at.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from diffex_cli.birds.attributes import ATTRIBUTES
from diffex_cli.birds.panel.formulas import Has, has

Seen = Callable[[Has], NDArray[np.float64]]
"""What the probe says: the probability that each picture has something, shape (pictures,)."""

SHAPES = ("alone", "unless", "both", "sum", "most", "threshold")


def drawn(number: int) -> Callable[[Seen], NDArray[np.float64]]:
    """A classifier's logit; six in a row are of all six shapes."""
    lot = random.Random(f"drawn {number}")
    shape = SHAPES[number % len(SHAPES)]
    some = [has(attribute, lot.choice(ATTRIBUTES[attribute])) for attribute in lot.sample(sorted(ATTRIBUTES), 3)]
    weights = [lot.choice((-1.0, 1.0)) * lot.uniform(1.5, 4.0) for _ in some]

    def logit(seen: Seen) -> NDArray[np.float64]:
        first, second, third = (seen(one) for one in some)
        if shape == "alone":
            return weights[0] * first
        if shape == "unless":
            return weights[0] * first * (1.0 - second)
        if shape == "both":
            return 2.0 * weights[0] * first * second
        if shape == "sum":
            return weights[0] * first + weights[1] * second + weights[2] * third
        if shape == "most":
            return weights[0] * np.maximum(first, second)
        return weights[0] / (1.0 + np.exp(-6.0 * (first + second + third - 0.9)))

    return logit
