"""What a classifier's logits are logits of, and the probabilities that follow."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

OutputKind = Literal["softmax", "multilabel", "regression"]
"""One class of several; any number of labels at once; quantities."""

OUTPUT_KINDS: tuple[OutputKind, ...] = ("softmax", "multilabel", "regression")


def probabilities(logits: NDArray[np.float64], kind: OutputKind) -> NDArray[np.float64]:
    """The probability of every class.

    Args:
        logits: shape (n, classes).
        kind: of one class of several the softmax, of labels the sigmoid of each, of quantities none.

    Returns:
        shape (n, classes); NaN where there is none, which is so for a single class of several too.
    """
    if kind == "multilabel":
        return logistic(logits)
    if kind == "regression" or logits.shape[1] == 1:
        return np.full(logits.shape, np.nan)
    return softmax(logits)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Softmax of each row; a row with a NaN is NaN. Shapes: (n, classes) → (n, classes)."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def logistic(logits: ArrayLike) -> NDArray[np.float64]:
    """The sigmoid of each number, of any shape."""
    # by the hyperbolic tangent, which does not overflow
    return np.asarray((1 + np.tanh(np.asarray(logits, dtype=np.float64) / 2)) / 2)
