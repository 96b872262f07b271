"""What a corpus node may set for itself alone, in any of diffex's editors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import did_you_mean
from diffex_cli.editors.base import EditRequest

OVERRIDES = ("guidance", "threshold", "warmup", "cooldown", "image_guidance", "steps", "strength")
"""All that any editor knows: a corpus is written for several of them."""


def overrides_of(requests: Sequence[EditRequest]) -> Iterator[tuple[str, float, str]]:
    """Every override in some requests: its key, its value, and the id of the node that asks for it."""
    for request in requests:
        for term in request.candidate.terms:
            for key, value in term.overrides.items():
                yield key, value, term.node


def check_override(editor: str, key: str, value: float, node: str, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Refuse an override that no editor knows, or that is out of range in this one. One that only other
    editors know is let pass: it is not meant for this one.

    Args:
        editor: its name.
        key: what is overridden.
        value: with what.
        node: the corpus node's id.
        ranges: override → least and largest value, of those that this editor knows.

    Raises:
        UsageError: it names the node.
    """
    if key not in OVERRIDES:
        raise UsageError(
            f"corpus node {node}: the {editor} editor has no override {key!r}{did_you_mean(key, tuple(ranges))}"
        )
    if key in ranges:
        low, high = ranges[key]
        if not low <= value <= high:
            raise UsageError(f"corpus node {node}: {key}={value:g} must lie between {low:g} and {high:g}")
