"""The options of ``--editor ledits:MODEL:key=value,…``, and their defaults."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal, get_args

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import did_you_mean
from diffex_cli.editors import options
from diffex_cli.editors.ledits.editing import Mask, Masking

_TRAIN_TIMESTEPS = 1000

MaskChoice = Mask | Literal["auto"]


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
        mask: ``both`` (M1 ∩ M2), ``attention`` (M1), ``guidance`` (M2) or ``none``; ``auto`` is what
            the stock pipelines do: ``guidance`` for SDXL, ``both`` for others.
        attention: M1 is made of the cross-attention at 1/attention of the latents' side: 4 as
            published; small models look at finer ones.
        zero_noise: so many last noise maps are left out, against grain; -1 is what the stock
            pipelines do: 3 for SDXL, 0 for others.
        size: the longer side in pixels that images are brought to; 0 for the model's own.
        rows: the largest batch for the U-Net; 0 to find it: it is halved when memory runs out.
        dtype: ``float32``, ``bfloat16`` or ``float16`` for the U-Net and the auto-encoder; ``auto``
            is float32 on the CPU and float16 elsewhere.
        channels_last: the U-Net's memory format.
        compile: compile the U-Net by ``torch.compile``; takes a minute or two at the first edit.
        revision: of a hub id.
        variant: of the weights' files, e.g. ``fp16``.
        config: folder or hub id of the configuration of a single-file checkpoint.
        vae: folder or hub id of another auto-encoder.
        lora: file, folder or hub id of low-rank weights, ``@weight`` behind it; several joined by ``+``.
    """

    steps: int = 50
    start: int = 0
    skip: float = 0.2
    guidance: float = 7.0
    threshold: float = 0.95
    warmup: int = 2
    cooldown: int = 0
    mask: MaskChoice = "auto"
    attention: int = 4
    zero_noise: int = -1
    size: int = 0
    rows: int = 0
    dtype: str = "auto"
    channels_last: bool = True
    compile: bool = False
    revision: str = "main"
    variant: str = ""
    config: str = ""
    vae: str = ""
    lora: str = ""

    def start_timestep(self) -> int:
        """The starting timestep, from ``start`` or by the stock pipelines' rule for ``skip``."""
        if self.start:
            return self.start
        ratio = _TRAIN_TIMESTEPS // (int(self.steps * (1 + self.skip)) + 1)
        return max(1, ratio) * self.steps + 1

    def masking(self, is_xl: bool) -> Masking:
        """The masks, with ``auto`` resolved for a model of this kind."""
        stock: Mask = "guidance" if is_xl else "both"
        return Masking(stock if self.mask == "auto" else self.mask, self.attention, _TRAIN_TIMESTEPS if is_xl else 800)

    def zeroed(self, is_xl: bool) -> int:
        """``zero_noise``, resolved for a model of this kind; never all steps."""
        stock = 3 if is_xl else 0
        return min(stock if self.zero_noise < 0 else self.zero_noise, self.steps - 1)

    def pixels(self) -> dict[str, object]:
        """The options beside the model's source that can change a pixel by more than a rounding."""
        return {key: value for key, value in dataclasses.asdict(self).items() if key not in _SPEED + _SOURCE}


_SPEED = ("rows", "channels_last", "compile")
_SOURCE = ("revision", "variant", "config", "vae", "lora")


BIRDS_DEFAULTS = LeditsOptions(steps=8, start=700, guidance=1.0, threshold=0.0, warmup=0, mask="none")
"""What suits the embedded birds; ``docs/birds.md`` and ``docs/performance.md`` show the measurements. Their model was
trained to change nothing but what the words name, so masks only cost it success."""

PRESETS: Mapping[str, Mapping[str, int]] = {"fast": {"steps": 20}, "fine": {"steps": 50}}
BIRDS_PRESETS: Mapping[str, Mapping[str, int]] = {"fast": {"steps": 6}, "fine": {"steps": 50}}
"""``preset=NAME`` stands for these options; others that are given go first. ``fast`` is for screening."""

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
    "attention": (1, 64),
    "zero_noise": (-1, 999),
    "size": (0, 8192),
    "rows": (0, 4096),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "mask": ("auto", *get_args(Mask)),
    "dtype": ("auto", "float32", "bfloat16", "float16"),
}
_FLAGS: Mapping[str, bool] = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def parse_options(
    given: Mapping[str, str], defaults: LeditsOptions, presets: Mapping[str, Mapping[str, int]] = PRESETS
) -> LeditsOptions:
    """Read the spec's options.

    Args:
        given: as written.
        defaults: for the options that are not given.
        presets: what ``preset`` may name.

    Raises:
        UsageError: an unknown option, or a value out of its range.
    """
    changes: dict[str, object] = {}
    preset = given.get("preset")
    if preset is not None:
        if preset not in presets:
            raise UsageError(f"ledits option preset={preset}: choose one of {', '.join(presets)}")
        changes.update(presets[preset])
    for key, text in given.items():
        if key == "preset":
            continue
        if key not in (field.name for field in dataclasses.fields(LeditsOptions)):
            known = ("preset", *(field.name for field in dataclasses.fields(LeditsOptions)))
            raise UsageError(f"the ledits editor has no option {key!r}{did_you_mean(key, known)}")
        changes[key] = _value(key, text, getattr(defaults, key))
    if "skip" in changes and "start" not in changes:
        changes["start"] = 0
    return dataclasses.replace(defaults, **changes)  # type: ignore[arg-type]


def check_override(key: str, value: float, node: str) -> None:
    """See :func:`diffex_cli.editors.options.check_override`."""
    options.check_override("ledits", key, value, node, {name: _RANGES[name] for name in CONCEPT_SETTINGS})


def _value(key: str, text: str, default: object) -> object:
    if key in _CHOICES:
        if text not in _CHOICES[key]:
            raise UsageError(f"ledits option {key}={text}: choose one of {', '.join(_CHOICES[key])}")
        return text
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        if text.lower() not in _FLAGS:
            raise UsageError(f"ledits option {key}={text}: write true or false")
        return _FLAGS[text.lower()]
    try:
        value = int(text) if isinstance(default, int) else float(text)
    except ValueError:
        raise UsageError(f"ledits option {key}={text}: not a number") from None
    low, high = _RANGES[key]
    if not low <= value <= high:
        raise UsageError(f"ledits option {key}={text}: must lie between {low:g} and {high:g}")
    return value
