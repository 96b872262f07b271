"""What arrays the statistics accept."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray


def vector(values: ArrayLike) -> NDArray[np.float64]:
    """The values of the images, of shape (n_images,) and finite or NaN, as floats."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"values of shape {array.shape}: (n_images,) was expected")
    if np.isinf(array).any():
        raise ValueError("a value is infinite")
    return array


def aligned(*arrays: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    """Several arrays over the same images, each as of :func:`vector`."""
    vectors = tuple(vector(array) for array in arrays)
    if len({len(one) for one in vectors}) > 1:
        raise ValueError(f"arrays over {', '.join(str(len(one)) for one in vectors)} images are not aligned")
    return vectors


def matrix(rows: Mapping[str, ArrayLike]) -> NDArray[np.float64]:
    """The candidates' values, a row each, sorted by id: whichever way the candidates were ordered, the same.

    Args:
        rows: candidate id → shape (n_images,), finite or NaN.

    Returns:
        shape (candidates, n_images).
    """
    return np.stack(aligned(*(rows[id] for id in sorted(rows)))) if rows else np.empty((0, 0))


def standard_deviation(values: NDArray[np.float64]) -> float:
    """That of a sample of two or more; the same to the last bit for the values in another order, or negated."""
    mean = math.fsum(values.tolist()) / len(values)
    return math.sqrt(math.fsum(((values - mean) ** 2).tolist()) / (len(values) - 1))
