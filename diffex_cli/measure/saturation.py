"""A warning about logits that are logarithms of probabilities which hardly move."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from diffex_cli.artifacts.rows import ScoreRow
from diffex_cli.core.settings import Scale
from diffex_cli.measure.targets import Target

_LEAST, _MOST = 1e-7, 1 - 1e-3
"""Below the first a declared probability is clipped (:mod:`diffex_cli.classifiers.outputs`); above the second its
logarithm has no more than 0.001 left to rise."""
_SUM = 1e-2


def saturation(targets: Sequence[Target], originals: Sequence[ScoreRow], scale: Scale) -> tuple[str, ...]:
    """A sentence if the logits are ln p of more than two exclusive classes, and p is at one of its ends on most
    originals, so that an edit hardly moves it, or moves what was clipped. A contrast does not depend on p."""
    rows = [row for row in originals if row.output_kind == "softmax" and len(row.labels) > 2]
    if scale != "logit" or not rows or len(rows) < len(originals):
        return ()
    if any(abs(np.exp(np.minimum(row.logits, 1.0)).sum() - 1) > _SUM for row in rows):
        return ()  # a model's own logits
    stuck = [(target, on) for target in targets if (on := _saturated(target, rows)) * 2 > len(rows)]
    if not stuck:
        return ()
    target, on = stuck[0]
    whom = "each image's own class" if target.column is None else repr(target.name)
    if len(stuck) > 1:
        whom = f"{len(stuck)} of {len(targets)} classes (such as {target.name!r})"
    return (
        f"the classifier gives probabilities, and that of {whom} is below {_LEAST:g} or above {_MOST:g} on {on} of "
        f"{len(rows)} images, where its logarithm says little: give --scale prob, or the logits of the model",
    )


def _saturated(target: Target, originals: Sequence[ScoreRow]) -> int:
    """On how many originals."""
    if target.against is not None:
        return 0
    own = np.exp(target.on_scale(originals, originals, "logit"))
    return int(((own <= _LEAST * 1.01) | (own >= _MOST)).sum())
