"""The figures of one candidate for one target, besides its effect."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from diffex_cli.measure.outcomes import Outcomes
from diffex_cli.search.statistics.flips import Directions, Flips, Share, cace, directions, flips
from diffex_cli.search.statistics.influence import Effect
from diffex_cli.search.statistics.intervals import Estimate, mean_interval, student_interval
from diffex_cli.search.statistics.necessity import Necessity, necessity


@dataclasses.dataclass(frozen=True, slots=True)
class CandidateStatistics:
    """What one candidate does to one target.

    Attributes:
        cace: causal concept effect, in probability: with the attribute minus without. Equal to ``probability`` for an
            attribute that is added, its negative for one that is removed.
        cout: COUT of the two-point path, over images that are not predicted as the target before.
        validity: share of the successful edits that changed the picture.
    """

    probability: Estimate
    cace: Estimate
    directions: Directions
    flips: Flips
    necessity: Necessity
    cout: Estimate
    validity: Share


def candidate_statistics(
    was: Outcomes,
    is_: Outcomes,
    transitions: ArrayLike = (),
    *,
    removes: bool = False,
    no_ops: Sequence[bool] | None = None,
) -> CandidateStatistics:
    """Compute them.

    Args:
        was: the target's figures on the reconstructions, and ``is_`` on the edits of the same images.
        transitions: COUT of every image; empty for labels that exclude nothing, for a contrast, and for targets that
            differ from image to image.
        removes: the edit takes the attribute away, so that the picture *before* is the one with it.
        no_ops: for every image whether the edit changed nothing; ``None`` if unknown.

    Returns:
        figures without an image to go by are NaN with n = 0. Those are all but ``directions`` and ``validity`` for a
        regression or a single class that excludes none, and ``cout`` without transitions.
    """
    if was.score.shape != is_.score.shape:
        raise ValueError(f"outcomes of shapes {was.score.shape} and {is_.score.shape} are not aligned")
    deltas = is_.score - was.score
    with_, without = (was, is_) if removes else (is_, was)
    return CandidateStatistics(
        probability=mean_interval(is_.probability - was.probability),
        cace=cace(with_.probability, without.probability),
        directions=directions(deltas),
        flips=flips(was.predicted, is_.predicted),
        necessity=necessity(with_.predicted, without.predicted),
        cout=student_interval(transitions),
        validity=_validity(Effect("", deltas), no_ops),
    )


def _validity(effect: Effect, no_ops: Sequence[bool] | None) -> Share:
    if no_ops is None:
        return Share(math.nan, 0)
    idle = np.asarray(no_ops, dtype=bool)
    if idle.shape != effect.deltas.shape:
        raise ValueError(f"{len(idle)} no-op flags for {len(effect.deltas)} images")
    made = ~idle[~np.isnan(effect.deltas)]
    return Share(float(made.mean()) if len(made) else math.nan, len(made))
