"""What a classifier's scores tell of a mistake in its adapter, though they are finite and of the right shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SUM_TO_ONE = 1e-3
_SAME = 1e-6
_ALONE = 1e-3


def odd_scores(logits: NDArray[np.float64], distinct: int) -> tuple[str, ...]:
    """A sentence for everything that no sound classifier's logits of different pictures look like.

    Args:
        logits: shape (images, classes), finite.
        distinct: how many different pictures the images are.
    """
    images, classes = logits.shape
    found = []
    if classes > 1 and (np.ptp(logits, axis=1) <= _SAME).all():
        found.append(f"all {classes} classes have the same score in every image: the weights may not be loaded")
    if distinct > 1 and (np.ptp(logits, axis=0) <= _SAME).all():
        found.append(
            f"all {images} images have the same scores, though {distinct} of them are different: what the classifier "
            "is given does not depend on the picture, or saturates it; check the preprocessing"
        )
    scores = _as_given(logits)
    if scores.min() >= 0 and scores.max() <= 1 and not found:
        if scores.shape[1] > 1 and np.allclose(scores.sum(axis=1), 1, rtol=0, atol=_SUM_TO_ONE):
            found.append(
                "the scores of every image add up to 1: they look like probabilities, but count as logits; declare "
                "them with the option values=probabilities, or leave the softmax out of the model"
            )
        else:
            found.append(
                "all scores lie between 0 and 1, but count as logits: if they are probabilities, declare them with the "
                "option values=probabilities (and kind=multilabel, if any number of classes can be true at once), or "
                "leave the sigmoid out of the model"
            )
    return tuple(found)


def unsteady_scores(together: NDArray[np.float64], alone: NDArray[np.float64]) -> tuple[str, ...]:
    """A sentence if a picture's logits depend on the others in its batch, or on chance.

    Args:
        together: shape (classes,), of a picture among others.
        alone: shape (classes,), of the same picture by itself.
    """
    difference = float(np.abs(together - alone).max())
    if difference <= _ALONE * max(1.0, float(np.abs(together).max())):
        return ()
    return (
        f"an image scored alone and among others differs by up to {difference:.2g}: the model may be in training mode "
        "(dropout, batch statistics); put it into evaluation mode",
    )


def _as_given(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The model's own numbers: of a binary classifier, whose logit z becomes −z/2 and z/2, the z."""
    binary = logits.shape[1] == 2 and np.array_equal(logits[:, 0], -logits[:, 1])
    return 2 * logits[:, 1:] if binary else logits
