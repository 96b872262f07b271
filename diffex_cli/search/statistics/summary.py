"""All figures of one candidate for one target."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from diffex_cli.core.output_kinds import OutputKind
from diffex_cli.measure.outcomes import as_logits, outcomes
from diffex_cli.search.statistics.cout import cout_to_target
from diffex_cli.search.statistics.flips import Directions, Flips, Share, cace, directions, flips
from diffex_cli.search.statistics.influence import Effect
from diffex_cli.search.statistics.intervals import DEFAULT_METHOD, Estimate, Method, mean_interval
from diffex_cli.search.statistics.necessity import Bounded, Necessity, necessity


@dataclasses.dataclass(frozen=True, slots=True)
class CandidateStatistics:
    """What one candidate does to one target.

    Attributes:
        effect: signed mean Δ logit, after minus before.
        reach: mean of |Δ logit|.
        probability: signed mean Δ probability.
        cace: causal concept effect, in probability: with the attribute minus without. Equal to ``probability`` for an
            attribute that is added, its negative for one that is removed.
        directions: share of images that move each way, by logit.
        flips: how often the prediction changes to and from the target.
        necessity: PN, PS and PNS of the target being predicted.
        cout: COUT of the two-point path, over images that are not predicted as the target before.
        validity: share of the successful edits that changed the picture.
    """

    effect: Estimate
    reach: Estimate
    probability: Estimate
    cace: Estimate
    directions: Directions
    flips: Flips
    necessity: Necessity
    cout: Estimate
    validity: Share

    def figures(self) -> dict[str, float | int]:
        """Everything as plain numbers by name, always the same names, for a table; NaN where unknown."""
        flat: dict[str, float | int] = {}
        for field in dataclasses.fields(self):
            flat.update(_flat(field.name, getattr(self, field.name)))
        return flat


def candidate_statistics(
    before: ArrayLike,
    after: ArrayLike,
    target: int | Sequence[int],
    *,
    against: int | None = None,
    kind: OutputKind = "softmax",
    removes: bool = False,
    no_ops: Sequence[bool] | None = None,
    tolerance: float = 0.0,
    method: Method = DEFAULT_METHOD,
) -> CandidateStatistics:
    """Compute them.

    Args:
        before: logits of the reconstructions, shape (n_images, classes), a row of NaN where it failed.
        after: logits of the edits, likewise.
        target: the target's column, or one for every image.
        against: the other label's column, if a contrast is explained.
        kind: what the logits are logits of.
        removes: the edit takes the attribute away, so that the picture *before* is the one with it.
        no_ops: for every image whether the edit changed nothing; ``None`` if unknown.
        tolerance: the largest |Δ logit| that counts as no movement.
        method: of the intervals.

    Returns:
        figures without an image to go by are NaN with n = 0. Those are all but ``effect``, ``reach``, ``directions``
        and ``validity`` for a regression or a single class that excludes none, and ``cout`` for labels that exclude
        nothing, for a contrast, or for targets that differ from image to image.

    Raises:
        ValueError: shapes that differ, or a column that is not there.
    """
    old, new = as_logits(before), as_logits(after)
    if old.shape != new.shape:
        raise ValueError(f"logits of shapes {old.shape} and {new.shape} are not aligned")
    was, is_ = (outcomes(logits, target, against, kind) for logits in (old, new))
    deltas = is_.score - was.score
    with_, without = (was, is_) if removes else (is_, was)
    transition = Estimate(math.nan, math.nan, math.nan, 0, "student")
    if kind == "softmax" and against is None and isinstance(target, int | np.integer):
        transition = cout_to_target([old, new], int(target), method=method)
    return CandidateStatistics(
        effect=mean_interval(deltas, method=method),
        reach=mean_interval(np.abs(deltas), method=method),
        probability=mean_interval(is_.probability - was.probability, method=method),
        cace=cace(with_.probability, without.probability, method=method),
        directions=directions(deltas, tolerance),
        flips=flips(was.predicted, is_.predicted),
        necessity=necessity(with_.predicted, without.predicted),
        cout=transition,
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


def _flat(name: str, value: object) -> dict[str, float | int]:
    """A figure, or several in one, as numbers: ``effect``, ``effect_low``, …, ``flips_to_target``, …."""
    if isinstance(value, float | int):
        return {name: value}
    flat: dict[str, float | int] = {}
    assert dataclasses.is_dataclass(value)
    for field in dataclasses.fields(value):
        if field.name == "method":
            continue
        plain = isinstance(value, Estimate | Bounded | Share) and field.name in ("mean", "value")
        flat.update(_flat(name if plain else f"{name}_{field.name}", getattr(value, field.name)))
    return flat
