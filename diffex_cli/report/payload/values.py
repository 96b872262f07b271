"""Values as JSON can hold them: no NaN, five significant digits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from diffex_cli.report.words import Text

Json: TypeAlias = Mapping[str, object] | list[object] | str | int | float | bool | None


def number(value: float | None) -> float | None:
    """Five significant digits; ``None`` for what is unknown or not finite."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.5g}")


def numbers(values: Iterable[float | None]) -> list[float | None]:
    """All of them as :func:`number`."""
    return [number(value) for value in values]


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of those that are known, as :func:`number`; ``None`` if none is."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    return number(math.fsum(known) / len(known)) if known else None


def segments(text: Text, index: Mapping[str, int]) -> list[dict[str, object]]:
    """A sentence as ``{"text", "attribute"}`` segments.

    Args:
        text: the sentence.
        index: candidate id → number of the attribute in the payload.
    """
    return [
        {"text": one.text, "attribute": None if one.candidate is None else index.get(one.candidate)} for one in text
    ]
