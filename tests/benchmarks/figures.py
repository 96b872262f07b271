"""Reads the Markdown tables of the benchmarks back."""

from __future__ import annotations

import math
import re


def rows(text: str) -> list[list[str]]:
    """The cells of all table lines but separators, headers included."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [line[2:-2].split(" | ") for line in lines if not line.startswith("| ---")]


def numbers(cells: list[str]) -> list[float]:
    """Every number in some cells; none may be infinite or not a number."""
    text = " ".join(cells)
    assert not re.search(r"\b(nan|inf)\b", text), text
    found = [float(number) for number in re.findall(r"\d+(?:\.\d+)?(?:e[-+]\d+)?", text)]
    assert all(map(math.isfinite, found))
    return found
