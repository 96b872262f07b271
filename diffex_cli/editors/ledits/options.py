"""The options of ``--editor ledits:MODEL:key=value,…``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import get_args

from diffex_cli.editors.ledits.editing import Mask
from diffex_cli.errors import UsageError
from diffex_cli.registry import did_you_mean

_TRAIN_TIMESTEPS = 1000


@dataclasses.dataclass(frozen=True)
class LeditsOptions:
    """How to invert and edit. A corpus node may override the four settings of a concept.

    Attributes:
        steps: N, the U-Net steps of an edit.
        start: the timestep at which the edit starts; higher changes more.
        skip: the stock pipelines' way to say ``start``; ignored if ``start`` is given.
        guidance: the guidance scale s.
        threshold: λ; about 1 − λ of the picture may change.
        warmup: steps before a concept begins to act.
        cooldown: the step at which it stops; 0 for the last.
        mask: ``both`` (M1 ∩ M2), ``attention`` (M1), ``guidance`` (M2) or ``none``.
        size: the longer side in pixels that images are brought to; 0 for the model's own.
        rows: the largest batch for the U-Net.
        dtype: ``float32``, ``bfloat16`` or ``float16`` for the U-Net and the auto-encoder; ``auto``
            is float32 on the CPU and float16 elsewhere.
        revision: of a hub id.
    """

    steps: int = 50
    start: int = 0
    skip: float = 0.2
    guidance: float = 7.0
    threshold: float = 0.95
    warmup: int = 2
    cooldown: int = 0
    mask: Mask = "both"
    size: int = 0
    rows: int = 32
    dtype: str = "auto"
    revision: str = "main"

    def start_timestep(self) -> int:
        """The starting timestep, from ``start`` or by the stock pipelines' rule for ``skip``."""
        if self.start:
            return self.start
        ratio = _TRAIN_TIMESTEPS // (int(self.steps * (1 + self.skip)) + 1)
        return max(1, ratio) * self.steps + 1


BIRDS_DEFAULTS = LeditsOptions(steps=16, start=700, guidance=1.25, threshold=0.0, warmup=0, mask="none")
"""What suits the embedded birds; ``docs/birds.md`` shows the measurements. Their model was trained to change nothing
but what the words name, so masks only cost it success."""

CONCEPT_SETTINGS = ("guidance", "threshold", "warmup", "cooldown")
"""What a corpus node may override."""

_RANGES: Mapping[str, tuple[float, float]] = {
    "steps": (1, 999),
    "start": (0, 999),
    "skip": (0, 1),
    "guidance": (0, 100),
    "threshold": (0, 1),
    "warmup": (0, 999),
    "cooldown": (0, 999),
    "size": (0, 8192),
    "rows": (1, 4096),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "mask": get_args(Mask),
    "dtype": ("auto", "float32", "bfloat16", "float16"),
}


def parse_options(given: Mapping[str, str], defaults: LeditsOptions) -> LeditsOptions:
    """Read the spec's options.

    Raises:
        UsageError: an unknown option, or a value out of its range.
    """
    changes: dict[str, object] = {}
    for key, text in given.items():
        if key not in (field.name for field in dataclasses.fields(LeditsOptions)):
            known = tuple(field.name for field in dataclasses.fields(LeditsOptions))
            raise UsageError(f"the ledits editor has no option {key!r}{did_you_mean(key, known)}")
        changes[key] = _value(key, text, getattr(defaults, key))
    if "skip" in changes and "start" not in changes:
        changes["start"] = 0
    return dataclasses.replace(defaults, **changes)  # type: ignore[arg-type]


def check_override(key: str, value: float, node: str) -> None:
    """Refuse an override in the corpus that the editor does not know.

    Raises:
        UsageError: it names the node.
    """
    if key not in CONCEPT_SETTINGS:
        raise UsageError(
            f"corpus node {node}: the ledits editor has no override {key!r}{did_you_mean(key, CONCEPT_SETTINGS)}"
        )
    low, high = _RANGES[key]
    if not low <= value <= high:
        raise UsageError(f"corpus node {node}: {key}={value:g} must lie between {low:g} and {high:g}")


def _value(key: str, text: str, default: object) -> object:
    if key in _CHOICES:
        if text not in _CHOICES[key]:
            raise UsageError(f"ledits option {key}={text}: choose one of {', '.join(_CHOICES[key])}")
        return text
    if isinstance(default, str):
        return text
    try:
        value = int(text) if isinstance(default, int) else float(text)
    except ValueError:
        raise UsageError(f"ledits option {key}={text}: not a number") from None
    low, high = _RANGES[key]
    if not low <= value <= high:
        raise UsageError(f"ledits option {key}={text}: must lie between {low:g} and {high:g}")
    return value
