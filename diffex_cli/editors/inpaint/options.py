"""The options of ``--editor inpaint:MODEL:key=value,…``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import choice, number, ranges, read_options, text, whole
from diffex_cli.editors import options
from diffex_cli.editors.base import EditRequest
from diffex_cli.editors.options import DTYPES


@dataclasses.dataclass(frozen=True)
class InpaintOptions:
    """How to find the region and how to fill it.

    Attributes:
        steps: of the scheduler; ``strength`` of them are made.
        guidance: the classifier-free guidance scale; at 1 or below there is none, and a removal's words do nothing.
        strength: how much of the region's old content is drowned in noise; at 1 nothing of it is left.
        threshold: λ; about 1 − λ of the picture is the region, before it is dilated.
        dilate: how far the region grows on every side, in pixels of the picture that the model works on.
        mask_at: how noisy the picture is when the attention is read, as a fraction of the training timesteps.
        size: the longer side in pixels that images are brought to; 0 for the model's own.
        dtype: ``float32``, ``bfloat16`` or ``float16``; ``auto`` is float32 on the CPU and float16 elsewhere.
    """

    steps: int = whole(30, 1, 999)
    guidance: float = number(7.5, 0, 100)
    strength: float = number(1.0, 0, 1)
    threshold: float = number(0.8, 0, 1)
    dilate: int = whole(8, 0, 512)
    mask_at: float = number(0.5, 0, 1)
    size: int = whole(0, 0, 8192)
    dtype: str = choice("auto", DTYPES)
    revision: str = text("main")


OVERRIDES = ("guidance", "threshold", "strength")
"""What a corpus node may override. Of several attributes in one edit, each has its own threshold; the largest guidance
and strength hold for all."""


def parse_options(spec: Spec) -> InpaintOptions:
    """Read the spec's options, and refuse a strength that leaves no step."""
    options = read_options(spec, InpaintOptions())
    if int(options.steps * options.strength) < 1:
        raise UsageError(f"{spec.text!r}: strength={options.strength:g} leaves none of {options.steps} steps")
    return options


def check_overrides(requests: Sequence[EditRequest], steps: int) -> None:
    options.check_overrides("inpaint", requests, ranges(InpaintOptions, OVERRIDES))
    for term in (term for request in requests for term in request.candidate.terms):
        strength = term.overrides.get("strength")
        if strength is not None and int(steps * strength) < 1:
            raise UsageError(f"corpus node {term.node}: strength={strength:g} leaves none of {steps} steps")
