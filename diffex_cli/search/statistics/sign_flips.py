"""The null world of paired differences: every image's Δ could as well have had the other sign.

If an attribute does nothing, the edited picture and the reconstruction of an image could change places, which flips the
sign of Δ. An image is flipped for all candidates at once, so that whatever ties the candidates together stays.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

FLIPS = 10_000
"""The smallest p-value is then 1e-4, and one of 0.05 is known to ± 0.004 (two standard errors)."""

_BLOCK = 1 << 20
"""Values made at a time."""


def flipped_sums(rows: NDArray[np.float64], flips: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """|Σ sign · row| of every row for many assignments of signs to the columns, the data's own being the first.

    All assignments if there are no more than ``flips`` of them (the absolute value makes two of them one, so up to 14
    images for 10,000), otherwise that many random ones. Columns in another order, or all of them negated, give the
    same sums to the last bit: the signs are of the columns as :func:`_unsigned` has them.

    Args:
        rows: shape (candidates, n_images), 0 for an image that does not count.

    Yields:
        blocks of shape (some assignments, candidates).
    """
    columns, own = _unsigned(rows)
    n = len(own)
    # the same as 2 ** (n - 1) <= flips
    exhaustive = n <= flips.bit_length()
    total = 2 ** max(n - 1, 0) if exhaustive else flips
    generator = np.random.default_rng([seed, n])
    block = max(1, _BLOCK // max(n, 1))
    for start in range(0, total, block):
        stop = min(start + block, total)
        if exhaustive:
            # the last image is never flipped: flipping all of them changes no absolute value
            signs = own * (1.0 - 2.0 * ((np.arange(start, stop)[:, None] >> np.arange(n)) & 1))
        else:
            signs = 1.0 - 2.0 * generator.integers(2, size=(stop - start, n))
            if start == 0:
                signs[0] = own
        yield np.abs(signs @ columns.T)


def _unsigned(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The columns as the null world has them, in an order of their own: each with the sign that makes its first value
    that is not zero positive, and for each the sign that the data gave it."""
    first = (rows != 0).argmax(axis=0)
    own = np.where(rows[first, np.arange(rows.shape[1])] < 0, -1.0, 1.0)
    unsigned = rows * own
    # columns that are equal but for the data's sign are told apart by it
    order = np.lexsort((own, *unsigned))
    return unsigned[:, order], own[order]
