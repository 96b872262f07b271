"""Tail probabilities of Student's t distribution, beside the quantiles of :mod:`diffex_cli.search.influence`."""

from __future__ import annotations

import math


def student_t_tail(t: float, degrees: int) -> float:
    """P(T > t).

    By the exact finite series for whole degrees of freedom (Abramowitz & Stegun 26.7.3–4); absolute
    error about 1e-15.

    Args:
        t: may be infinite.
        degrees: degrees of freedom, ≥ 1.

    Returns:
        in [0, 1]; NaN for a NaN.

    Raises:
        ValueError: there are no degrees of freedom.
    """
    if degrees < 1:
        raise ValueError(f"no t distribution with {degrees} degrees of freedom")
    if math.isnan(t):
        return math.nan
    theta = math.atan(t / math.sqrt(degrees))
    cosine, sine = math.cos(theta), math.sin(theta)
    odd = degrees % 2
    term, total = (cosine if odd else 1.0), 0.0
    for k in range(odd + 2, degrees + 1, 2):
        total += term
        term *= (k - 1) / k * cosine * cosine
    central = 2 / math.pi * (theta + sine * total) if odd else sine * total
    return min(max((1 - central) / 2, 0.0), 1.0)
