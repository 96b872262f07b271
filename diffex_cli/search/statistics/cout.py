"""COUT, the counterfactual transition score of Khorram & Fuxin 2022, on the path of a single edit.

Khorram & Fuxin walk from the image to its counterfactual by inserting the changed pixels, most changed first. Along
that path they take the area under the probability of the class reached, less that of the class left:
COUT = AUPC(c′) − AUPC(c), each by the trapezoid rule, in [−1, 1].

A single edit is a path of two points, on which the area is the mean of its ends, and COUT is
½ · ((p_c′ − p_c) before + (p_c′ − p_c) after). That still tells how far the decision is carried over, but not
how early along the way: it does not reward an edit for changing few pixels, and is *not* comparable with figures from
finer paths. Since "before" is the same for all attributes, it ranks them as the mean margin after the edit does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diffex_cli.core.output_kinds import softmax
from diffex_cli.measure.outcomes import predictions


def transitions(before: NDArray[np.float64], after: NDArray[np.float64], target: int) -> NDArray[np.float64]:
    """COUT of every image's transition to the target.

    Args:
        before: logits of shape (n_images, classes), a row of NaN where it failed.
        target: the target's column, the class reached; the class left is the image's own prediction at first.

    Returns:
        shape (n_images,); NaN for an image that is predicted as the target at first, or failed.

    Source: Khorram & Fuxin 2022, "Cycle-Consistent Counterfactuals by Latent Transformations".
    """
    own = predictions(before)
    images = np.flatnonzero((own >= 0) & (own != target))
    first, last = (shares[images, target] - shares[images, own[images]] for shares in (softmax(before), softmax(after)))
    found = np.full(len(before), np.nan)
    found[images] = (first + last) / 2
    return found
