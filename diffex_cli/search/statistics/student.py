"""Student's t distribution: its quantiles and tail probabilities."""

from __future__ import annotations

import functools
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


@functools.lru_cache(maxsize=1024)
def student_t_quantile(p: float, degrees: int) -> float:
    """The quantile of Student's t distribution.

    Inverts the exact finite series of its distribution function for whole degrees of freedom
    (Abramowitz & Stegun 26.7.3–4) by bisection, to the last bits of a float.

    Args:
        p: probability, 0 < p < 1.
        degrees: degrees of freedom, ≥ 1.

    Raises:
        ValueError: an argument is out of its range.
    """
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
    """P(|T| ≤ √degrees · tan θ), 0 ≤ θ < π/2."""
    cosine, sine = math.cos(theta), math.sin(theta)
    odd = degrees % 2
    term = cosine if odd else 1.0
    total = 0.0
    for k in range(odd + 2, degrees + 1, 2):
        total += term
        term *= (k - 1) / k * cosine * cosine
    if odd:
        return 2 / math.pi * (theta + sine * total)
    return sine * total
