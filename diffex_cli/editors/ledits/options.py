"""The options of ``--editor ledits:MODEL:key=value,…``, and their defaults."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, get_args

from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import choice, number, read_options, switch, text, whole
from diffex_cli.editors.ledits.masking import Mask, Masking
from diffex_cli.editors.options import DTYPES

_TRAIN_TIMESTEPS = 1000

MaskChoice = Mask | Literal["auto"]
_MASKS = ("auto", *get_args(Mask))


@dataclasses.dataclass(frozen=True)
class LeditsOptions:
    """How to invert and edit. A corpus node may override the four settings of a concept.

    Attributes:
        steps: N, the U-Net steps of an edit.
        start: the timestep at which the edit starts; higher changes more.
        skip: the stock pipelines' way to say ``start``; ignored if ``start`` is given.
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
        compile: compile the U-Net by ``torch.compile``; takes a minute or two at the first edit.
        variant: of the weights' files, e.g. ``fp16``.
        config: folder or hub id of the configuration of a single-file checkpoint.
        lora: file, folder or hub id of low-rank weights, ``@weight`` behind it; several joined by ``+``.
        preset: stands for some of the others; empty once it is read.
    """

    steps: int = whole(50, 1, 999)
    start: int = whole(0, 0, 999)
    skip: float = number(0.2, 0, 1)
    guidance: float = number(7.0, 0, 100)
    threshold: float = number(0.95, 0, 1)
    warmup: int = whole(2, 0, 999)
    cooldown: int = whole(0, 0, 999)
    mask: MaskChoice = choice("auto", _MASKS)
    attention: int = whole(4, 1, 64)
    zero_noise: int = whole(-1, -1, 999)
    size: int = whole(0, 0, 8192)
    rows: int = whole(0, 0, 4096)
    dtype: str = choice("auto", DTYPES)
    channels_last: bool = switch(True)
    compile: bool = switch(False)
    revision: str = text("main")
    variant: str = text()
    config: str = text()
    vae: str = text()
    lora: str = text()
    preset: str = choice("", ("fast", "fine"))

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
        return {key: value for key, value in dataclasses.asdict(self).items() if key not in _NO_PIXELS}


_NO_PIXELS = ("rows", "channels_last", "compile", "revision", "variant", "config", "vae", "lora", "preset")
"""They change the speed alone, or name what is in the fingerprint by its content."""


BIRDS_DEFAULTS = LeditsOptions(steps=8, start=700, guidance=1.0, threshold=0.0, warmup=0, mask="none")
"""What suits the embedded birds; ``docs/birds.md`` and ``docs/performance.md`` show the measurements. Their model was
trained to change nothing but what the words name, so masks only cost it success."""

PRESETS: Mapping[str, Mapping[str, int]] = {"fast": {"steps": 20}, "fine": {"steps": 50}}
BIRDS_PRESETS: Mapping[str, Mapping[str, int]] = {"fast": {"steps": 6}, "fine": {"steps": 50}}
"""What ``preset=NAME`` stands for; ``fast`` is for screening."""

CONCEPT_SETTINGS = ("guidance", "threshold", "warmup", "cooldown")
"""What a corpus node may override."""


def parse_options(
    spec: Spec, defaults: LeditsOptions, presets: Mapping[str, Mapping[str, int]] = PRESETS
) -> LeditsOptions:
    """Read the spec's options. Those that are given go before a preset's, and ``skip`` before a default ``start``."""
    options = read_options(spec, defaults)
    preset = presets.get(options.preset, {})
    changes: dict[str, Any] = {key: value for key, value in preset.items() if key not in spec.options}
    if "skip" in spec.options and "start" not in spec.options:
        changes["start"] = 0
    return dataclasses.replace(options, preset="", **changes)
