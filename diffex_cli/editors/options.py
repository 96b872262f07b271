"""What a corpus node may set for itself alone, in any of diffex's editors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import did_you_mean
from diffex_cli.editors.base import EditRequest

DTYPES = ("auto", "float32", "bfloat16", "float16")
"""What the option ``dtype`` of a diffusion editor may be."""

OVERRIDES = ("guidance", "threshold", "warmup", "cooldown", "image_guidance", "steps", "strength")
"""All that any editor knows: a corpus is written for several of them."""


def check_overrides(editor: str, requests: Sequence[EditRequest], ranges: Mapping[str, tuple[float, float]]) -> None:
    """Refuse overrides that no editor knows, or that are out of range in this one. One that only other editors know is
    let pass: it is not meant for this one. ``ranges``: override → least and largest value, of those that this editor
    knows."""
    for term in (term for request in requests for term in request.candidate.terms):
        for key, value in term.overrides.items():
            if key not in OVERRIDES:
                raise UsageError(
                    f"corpus node {term.node}: the {editor} editor has no override {key!r}"
                    f"{did_you_mean(key, tuple(ranges))}"
                )
            low, high = ranges.get(key, (value, value))
            if key in ranges and not low <= value <= high:
                raise UsageError(f"corpus node {term.node}: {key}={value:g} must lie between {low:g} and {high:g}")
