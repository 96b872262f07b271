"""The kinds of heat map. Light enough for a command line's ``--help``."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import did_you_mean

Kind: TypeAlias = Literal["gradcam", "occlusion"]

KINDS: tuple[Kind, ...] = get_args(Kind)


def parse_kind(text: str, option: str = "--heatmap") -> Kind:
    """The kind that a text names."""
    for kind in KINDS:
        if text == kind:
            return kind
    raise UsageError(f"{option}: there is no heat map {text!r}{did_you_mean(text, KINDS)}")
