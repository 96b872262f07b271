"""Student's t distribution: its quantiles and tail probabilities, for whole degrees of freedom ≥ 1."""

from __future__ import annotations

import functools
import math


def student_t_tail(t: float, degrees: int) -> float:
    """P(T > t), by the exact finite series; t may be infinite. Absolute error about 1e-15; NaN for a NaN."""
    if degrees < 1:
        raise ValueError(f"no t distribution with {degrees} degrees of freedom")
    if math.isnan(t):
        return math.nan
    central = _central_probability(math.atan(t / math.sqrt(degrees)), degrees)
    return min(max((1 - central) / 2, 0.0), 1.0)


@functools.lru_cache(maxsize=1024)
def student_t_quantile(p: float, degrees: int) -> float:
    """The quantile of a probability, 0 < p < 1: inverts the series by bisection, to the last bits of a float."""
    if not 0 < p < 1 or degrees < 1:
        raise ValueError(f"no t quantile for p = {p} and {degrees} degrees of freedom")
    if p < 0.5:
        return -student_t_quantile(1 - p, degrees)
    central = 2 * p - 1
    low, high = 0.0, math.pi / 2
    while low < (middle := (low + high) / 2) < high:
        if _central_probability(middle, degrees) < central:
            low = middle
        else:
            high = middle
    return math.sqrt(degrees) * math.tan(low)


def _central_probability(theta: float, degrees: int) -> float:
    """P(|T| ≤ √degrees · tan θ) for 0 ≤ θ ≤ π/2, and its negative for −θ.

    Source: the finite series of Abramowitz & Stegun 26.7.3–4.
    """
    cosine, sine = math.cos(theta), math.sin(theta)
    odd = degrees % 2
    term, total = (cosine if odd else 1.0), 0.0
    for k in range(odd + 2, degrees + 1, 2):
        total += term
        term *= (k - 1) / k * cosine * cosine
    return 2 / math.pi * (theta + sine * total) if odd else sine * total
