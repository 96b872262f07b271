"""Was the attribute necessary for the prediction, was it sufficient? Tian & Pearl 2000 on paired images.

The events, for one image: x, the attribute is there; x′, it is not; y_x, the target is predicted on the picture with
the attribute; y_x′, it is predicted on the picture without it. Since both pictures of an image are scored, and a
classifier draws no lots, both outcomes are *seen*, and the three probabilities are counts:

=====  ==========================  =====================================================================
PNS    P(y_x, y′_x′)               of all images, the share predicted with the attribute and not without
PN     P(y′_x′ | x, y)             the same count, of the images that are predicted with the attribute
PS     P(y_x | x′, y′)             the same count, of the images that are not predicted without it
=====  ==========================  =====================================================================

PN and PS condition on an attribute that is, or is not, there "by nature". Here it is there because it was put there, on
every image alike, which is an experiment: y and x are unconfounded (exogeneity).

The counts trust the pairing: that the edit changed the attribute and nothing else. The bounds do not. They use the two
rates P(y_x) and P(y_x′) alone, and so would hold if the two pictures of a pair had nothing else in common. The lower
bound of each is its value if the attribute never speaks against the target (monotonicity). An attribute that does is
asked about by swapping y for "the target is not predicted": pass 1 − outcomes.
"""

from __future__ import annotations

import dataclasses
import math

from numpy.typing import ArrayLike

from diffex_cli.search.statistics.flips import decisions


@dataclasses.dataclass(frozen=True, slots=True)
class Bounded:
    """A probability, counted on pairs, and its bounds from the two rates alone; NaN if there is no image to count.

    ``n`` is the number of images conditioned on.
    """

    value: float
    low: float
    high: float
    n: int


@dataclasses.dataclass(frozen=True, slots=True)
class Necessity:
    """The probability of necessity, of sufficiency, and of both; see the module."""

    necessity: Bounded
    sufficiency: Bounded
    both: Bounded


def necessity(with_attribute: ArrayLike, without_attribute: ArrayLike) -> Necessity:
    """PN, PS and PNS with their bounds.

    Args:
        with_attribute: shape (n_images,): 1 where the target is predicted on the picture with the attribute (for an
            attribute that is added, the edit; for one that is removed, the reconstruction), 0 where not, NaN where
            unknown.

    Source: Tian & Pearl 2000, "Probabilities of causation: bounds and identification" (the bounds under exogeneity).
    """
    present, absent = decisions(with_attribute, without_attribute)
    n, yes, no = len(present), int(present.sum()), int((~absent).sum())
    # counts, not rates, so that a bound that equals the value does so to the last bit
    caused, least, most = int((present & ~absent).sum()), max(0, yes - (n - no)), min(yes, no)
    return Necessity(*(_bounded(caused, least, most, of) for of in (yes, no, n)))


def _bounded(count: int, least: int, most: int, of: int) -> Bounded:
    if not of:
        return Bounded(math.nan, math.nan, math.nan, 0)
    return Bounded(count / of, least / of, most / of, of)
