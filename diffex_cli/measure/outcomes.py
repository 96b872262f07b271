"""From the logits of all classes to what is asked of the target: score, probability, and whether it is predicted."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diffex_cli.core.output_kinds import OutputKind, logistic, probabilities


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """The target's figures on every image; NaN where the image failed. All of shape (n_images,).

    Attributes:
        score: the target's logit; of a contrast, the difference of the two logits.
        probability: softmax of the target over all classes, or for ``multilabel`` the sigmoid of its own logit; of a
            contrast, the softmax over its two labels.
        predicted: 1 where the target wins, 0 where not: over all classes (the first of several that tie), or in a
            contrast over the other label. For ``multilabel``, 1 where its logit is above 0.

    Of a regression, and of a single class that excludes none, there is a score only; the others are NaN.
    """

    score: NDArray[np.float64]
    probability: NDArray[np.float64]
    predicted: NDArray[np.float64]


def outcomes(
    logits: ArrayLike,
    target: int | Sequence[int] | NDArray[np.intp],
    against: int | None = None,
    kind: OutputKind = "softmax",
) -> Outcomes:
    """The target's figures.

    Args:
        logits: shape (n_images, classes), finite; a row of NaN for an image that failed.
        target: the target's column, or one for every image (each image's own class).
    """
    array = as_logits(logits)
    n, classes = array.shape
    columns = np.broadcast_to(np.asarray(target, dtype=np.intp), (n,)) if np.ndim(target) == 0 else np.asarray(target)
    if columns.shape != (n,):
        raise ValueError(f"{len(columns)} targets for {n} images")
    if n and (columns.min() < 0 or columns.max() >= classes):
        raise ValueError(f"target {target}: there are {classes} classes")
    if against is not None and not 0 <= against < classes:
        raise ValueError(f"contrast with {against}: there are {classes} classes")
    failed = np.isnan(array).any(axis=1)
    own = array[np.arange(n), columns]
    score = _known(own if against is None else own - array[:, against], failed)
    unknown = np.full(n, np.nan)
    if kind == "regression" or (kind == "softmax" and classes == 1):
        return Outcomes(score, unknown, unknown)
    if against is not None or kind == "multilabel":
        return Outcomes(score, logistic(score), _known(score > 0, failed))
    probability = probabilities(array, kind)[np.arange(n), columns]
    return Outcomes(score, probability, _known(predictions(array) == columns, failed))


def as_logits(logits: ArrayLike) -> NDArray[np.float64]:
    """Logits of shape (n_images, classes), checked."""
    array = np.asarray(logits, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] < 1:
        raise ValueError(f"logits of shape {array.shape}: (n_images, classes) was expected")
    if np.isinf(array).any():
        raise ValueError("a logit is infinite")
    return array


def predictions(logits: NDArray[np.float64]) -> NDArray[np.intp]:
    """The column of each row's largest logit, the first of several; −1 for a row with a NaN. Shape: (n,)."""
    failed = np.isnan(logits).any(axis=1)
    return np.where(failed, -1, np.nan_to_num(logits).argmax(axis=1))


def _known(values: ArrayLike, failed: ArrayLike) -> NDArray[np.float64]:
    return np.where(failed, np.nan, np.asarray(values, dtype=np.float64))
