"""COUT, the counterfactual transition score of Khorram & Fuxin 2022, on paths of edits.

Khorram & Fuxin walk from the image to its counterfactual by inserting the changed pixels, most changed first. Along
that path they take the area under the probability of the class reached, less that of the class left:
COUT = AUPC(c′) − AUPC(c), each by the trapezoid rule, in [−1, 1].

The path here is whatever the caller has pictures of: pixel insertions as theirs, or an attribute in growing strength,
or attributes added one by one. A single edit is a path of two points, on which the area is the mean of its ends, and
COUT is ½ · ((p_c′ − p_c) before + (p_c′ − p_c) after). That still tells how far the decision is carried over, but not
how early along the way: it does not reward an edit for changing few pixels, and is *not* comparable with figures from
finer paths. Since "before" is the same for all attributes, it ranks them as the mean margin after the edit does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diffex_cli.core.output_kinds import softmax
from diffex_cli.measure.outcomes import as_logits, predictions
from diffex_cli.search.statistics.intervals import DEFAULT_METHOD, Estimate, Method, mean_interval


def cout(left: ArrayLike, reached: ArrayLike) -> NDArray[np.float64]:
    """COUT of every image.

    Args:
        left: shape (n_images, points): the probability of the image's own class along the path, at least two points.
        reached: the same of the counterfactual class.

    Returns:
        shape (n_images,), in [−1, 1]: 1 if the counterfactual class is certain at once. NaN where a point is.

    Raises:
        ValueError: shapes that differ, a single point, or values that are no probabilities.

    Source: Khorram & Fuxin 2022, "Cycle-Consistent Counterfactuals by Latent Transformations".
    """
    own, other = np.asarray(left, dtype=np.float64), np.asarray(reached, dtype=np.float64)
    if own.shape != other.shape or own.ndim != 2 or own.shape[1] < 2:
        raise ValueError(f"paths of shapes {own.shape} and {other.shape}: both must be the same (n_images, ≥ 2 points)")
    if any(((one < 0) | (one > 1)).any() for one in (own, other)):
        raise ValueError("a probability is not in [0, 1]")
    difference = other - own
    area: NDArray[np.float64] = ((difference[:, :-1] + difference[:, 1:]) / 2).mean(axis=1)
    return area


def cout_to_target(path: Sequence[ArrayLike], target: int, *, method: Method = DEFAULT_METHOD) -> Estimate:
    """Mean COUT of the transition to the target, over the images that are not predicted as the target at first.

    Args:
        path: two or more logits of shape (n_images, classes), the first before any edit; a row of NaN where it failed.
        target: the target's column, the class reached; the class left is the image's own prediction at first.
        method: of the interval.

    Returns:
        NaN without such an image, and for a classifier with a single output.

    Raises:
        ValueError: a wrong shape, or a column that is not there.
    """
    steps = [as_logits(step) for step in path]
    if len(steps) < 2 or len({step.shape for step in steps}) > 1:
        raise ValueError("a path must have two points or more, all over the same images and classes")
    classes = steps[0].shape[1]
    if not 0 <= target < classes:
        raise ValueError(f"target {target}: there are {classes} classes")
    own = predictions(steps[0])
    images = np.flatnonzero((own >= 0) & (own != target))
    if classes == 1 or not len(images):
        return Estimate(math.nan, math.nan, math.nan, 0, "student")
    shares = np.stack([softmax(step) for step in steps], axis=1)
    return mean_interval(cout(shares[images, :, own[images]], shares[images, :, target]), method=method)
