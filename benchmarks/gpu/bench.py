"""What every block measures with: one model at a time on the device, and how much work to give it."""

from __future__ import annotations

import dataclasses
import functools
import gc
from collections.abc import Callable, Mapping
from typing import Any

import torch

from benchmarks.gpu.engine import HeldEditor
from benchmarks.gpu.kept import Figures
from benchmarks.gpu.models import copied, pipeline
from benchmarks.stock import stock_pipeline
from diffex_cli.editors.models.loading import quiet_diffusers

MODELS = ("sdxl", "sd15")


class NotMeasuredError(Exception):
    """Why a row has no figures."""


@dataclasses.dataclass(frozen=True)
class Case:
    """One row of a block's table.

    Attributes:
        label: what is measured, the row's first cells.
        seconds: about how long it takes on a large card: a guess that only tells whether to begin.
        measure: gives the figures; raises :class:`NotMeasuredError`.
    """

    block: str
    model: str
    label: tuple[str, ...]
    seconds: float
    measure: Callable[[], Figures]

    @property
    def name(self) -> str:
        """Names it among all."""
        return " | ".join((self.block, self.model, *self.label))


@dataclasses.dataclass
class Bench:
    """``tiny``: stand-ins of the models, and less of everything. The dtype is the U-Net's and the auto-encoder's."""

    device: torch.device
    dtype: torch.dtype
    tiny: bool

    @property
    def steps(self) -> int:
        """Of the headline's edits."""
        return 4 if self.tiny else 50

    @property
    def few_steps(self) -> int:
        """Of all other edits, whose cost a step is what matters."""
        return 3 if self.tiny else 10

    @property
    def rounds(self) -> int:
        """How often each figure is taken."""
        return 1 if self.tiny else 3

    def held(self, model: str) -> Held:
        """A model on the device; the one before makes room."""
        if self._model is None or self._model.name != model:
            self._model = None
            self.free()
            with quiet_diffusers():
                self._model = Held(self, model, pipeline(model, self.device, self.dtype, self.tiny))
        return self._model

    def free(self) -> None:
        """Give back what nobody holds any more."""
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def need_cuda(self, what: str) -> None:
        """Only CUDA has it."""
        if self.device.type != "cuda":
            raise NotMeasuredError(f"{what} needs CUDA")

    _model: Held | None = dataclasses.field(default=None, init=False)


class Held:
    """A pipeline, and the stock pipeline with a U-Net of its own, whose attention processors it replaces."""

    def __init__(self, bench: Bench, name: str, made: Any) -> None:
        self.name, self.pipeline, self._bench = name, made, bench

    @functools.cached_property
    def stock(self) -> Any:
        """Made when it is first asked for."""
        with quiet_diffusers():
            return stock_pipeline(copied(self.pipeline, self._bench.device, self._bench.dtype))

    @property
    def side(self) -> int:
        """Of the pictures that it was made for, in pixels."""
        factor = 2 ** (len(self.pipeline.vae.config.block_out_channels) - 1)
        return int(self.pipeline.unet.config.sample_size * factor)

    def editor(self, options: Mapping[str, object]) -> HeldEditor:
        """A new editor on the pipeline; the dtype is the pipeline's."""
        return HeldEditor(self.pipeline, self._bench.device, options)
