"""The options of ``--editor inpaint:MODEL:key=value,…``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import did_you_mean
from diffex_cli.editors import options


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
        revision: of a hub id.
    """

    steps: int = 30
    guidance: float = 7.5
    strength: float = 1.0
    threshold: float = 0.8
    dilate: int = 8
    mask_at: float = 0.5
    size: int = 0
    dtype: str = "auto"
    revision: str = "main"


OVERRIDES = ("guidance", "threshold", "strength")
"""What a corpus node may override. Of several attributes in one edit, each has its own threshold; the largest guidance
and strength hold for all."""

_RANGES: Mapping[str, tuple[float, float]] = {
    "steps": (1, 999),
    "guidance": (0, 100),
    "strength": (0, 1),
    "threshold": (0, 1),
    "dilate": (0, 512),
    "mask_at": (0, 1),
    "size": (0, 8192),
}
_DTYPES = ("auto", "float32", "bfloat16", "float16")


def parse_options(given: Mapping[str, str]) -> InpaintOptions:
    """Read the spec's options.

    Raises:
        UsageError: an unknown option, a value out of its range, or a strength that leaves no step.
    """
    known = tuple(field.name for field in dataclasses.fields(InpaintOptions))
    changes: dict[str, object] = {}
    for key, text in given.items():
        if key not in known:
            raise UsageError(f"the inpaint editor has no option {key!r}{did_you_mean(key, known)}")
        changes[key] = _value(key, text, getattr(InpaintOptions, key))
    options = InpaintOptions(**changes)  # type: ignore[arg-type]
    if int(options.steps * options.strength) < 1:
        raise UsageError(f"inpaint option strength={options.strength:g}: of {options.steps} steps it leaves none")
    return options


def check_override(key: str, value: float, node: str, steps: int) -> None:
    """See :func:`diffex_cli.editors.options.check_override`.

    Raises:
        UsageError: it names the node.
    """
    options.check_override("inpaint", key, value, node, {name: _RANGES[name] for name in OVERRIDES})
    if key == "strength" and int(steps * value) < 1:
        raise UsageError(f"corpus node {node}: strength={value:g} leaves none of {steps} steps")


def _value(key: str, text: str, default: object) -> object:
    if key == "dtype" and text not in _DTYPES:
        raise UsageError(f"inpaint option dtype={text}: choose one of {', '.join(_DTYPES)}")
    if isinstance(default, str):
        return text
    try:
        value = int(text) if isinstance(default, int) else float(text)
    except ValueError:
        raise UsageError(f"inpaint option {key}={text}: not a number") from None
    low, high = _RANGES[key]
    if not low <= value <= high:
        raise UsageError(f"inpaint option {key}={text}: must lie between {low:g} and {high:g}")
    return value
