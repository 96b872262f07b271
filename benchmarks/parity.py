"""``parity``: the engine's numbers against those of the stock pipelines, and against its own in other batches."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from benchmarks.log import log
from benchmarks.machine import environment
from benchmarks.markdown import table
from benchmarks.stock import skip_for, stock_edit, stock_invert, stock_noise, stock_pipeline
from benchmarks.tiny import tiny_sd, tiny_sdxl
from diffex_cli.birds.attributes import random_bird
from diffex_cli.birds.renderer import render
from diffex_cli.core.domains import packaged
from diffex_cli.editors.ledits.editing import Concept, Mask, Masking, Row, edit
from diffex_cli.editors.ledits.inversion import Inversion, invert
from diffex_cli.editors.ledits.loading import ModelSource, load_pipeline
from diffex_cli.editors.ledits.model import DiffusionModel
from diffex_cli.editors.ledits.solver import Schedule

SEED = 5
MASKS: tuple[Mask, ...] = ("none", "attention", "guidance", "both")


@dataclasses.dataclass(frozen=True)
class Subject:
    """A pipeline to compare on.

    Attributes:
        build: makes it anew: the stock pipeline and the engine each change the U-Net's attention processors.
        guidance: strong enough to change the latents.
    """

    name: str
    build: Callable[[], Any]
    steps: int
    start: int
    guidance: float


def _birds() -> Any:
    return load_pipeline(ModelSource(str(packaged("diffusion"))), torch.float32)


SUBJECTS = (
    Subject("tiny SD, random", tiny_sd, steps=16, start=801, guidance=6.0),
    Subject("tiny SD, v-prediction, random", lambda: tiny_sd("v_prediction"), steps=16, start=801, guidance=6.0),
    Subject("tiny SDXL, random", tiny_sdxl, steps=16, start=801, guidance=6.0),
    Subject("birds", _birds, steps=16, start=700, guidance=1.0),
)


@dataclasses.dataclass(frozen=True)
class _Engine:
    """The engine's model of a subject, with one inverted picture."""

    model: DiffusionModel
    schedule: Schedule
    x0: Tensor
    inversion: Inversion

    def masking(self, mask: Mask) -> Masking:
        return Masking(mask, joint_from=1000 if self.model.is_xl else 800)

    def edit(self, concepts: Sequence[Sequence[Concept]], mask: Mask = "none") -> Tensor:
        rows = [Row(self.inversion, tuple(some)) for some in concepts]
        return edit(self.schedule, rows, self.model.predict, self.masking(mask)).latents


def parity(subjects: Sequence[Subject] = SUBJECTS) -> str:
    """Largest relative errors in float32, as Markdown."""
    rows = []
    for subject in subjects:
        log(f"parity: {subject.name}")
        errors = _against_stock(subject)
        rows += [
            (subject.name, str(count), *(f"{errors[mask, count]:.1e}" for mask in MASKS))
            for count in sorted({count for _, count in errors})
        ]
    own = [(subject.name, *(f"{error:.1e}" for error in _against_itself(subject))) for subject in subjects]
    return (
        table(("model", "concepts", *(_MASK_NAMES[mask] for mask in MASKS)), rows)
        + "\n\n"
        + table(
            ("model", "5 rows against 1 at a time", "inversion at once against step by step", "reconstruction"), own
        )
        + "\n\nThe largest difference of two latents divided by the largest latent, float32. Above: the engine's edit "
        + "against the stock pipeline's, of the same image with the same noise. Below: the engine against itself, and "
        + "its walk back to the image with a guidance of 0 against the image's latents.\n\n"
        + environment()
    )


_MASK_NAMES = {"none": "no mask", "attention": "M1", "guidance": "M2", "both": "M1 ∩ M2"}


def relative_error(ours: Tensor, theirs: Tensor) -> float:
    """max |ours − theirs| / max |theirs|; infinite if either is not finite."""
    error = float((ours - theirs).abs().max() / theirs.abs().max())
    return error if error == error else float("inf")


def _against_stock(subject: Subject) -> dict[tuple[Mask, int], float]:
    """(mask, number of concepts) → error."""
    engine, stock = _engine(subject), stock_pipeline(subject.build())
    stock_invert(stock, _picture(engine.model), subject.steps, skip_for(subject.steps, subject.start), SEED)
    if stock.inversion_steps.tolist() != engine.schedule.timesteps.tolist():
        raise RuntimeError(f"the timesteps differ: {stock.inversion_steps.tolist()}, {engine.schedule.timesteps}")
    errors = {}
    for mask in MASKS:
        for concepts in (_concepts(subject, engine.model)[:count] for count in (1, 2)):
            theirs = stock_edit(stock, concepts, mask)
            ours = engine.edit([concepts], mask)
            errors[mask, len(concepts)] = relative_error(ours, theirs)
    return errors


def _against_itself(subject: Subject) -> Iterator[float]:
    """Five rows together against each alone; inversion at once against one step at a time; reconstruction."""
    engine = _engine(subject)
    first, second = _concepts(subject, engine.model)
    rows: list[list[Concept]] = [[first], [second], [first, second], [], [dataclasses.replace(first, warmup=4)]]
    yield relative_error(engine.edit(rows, "both"), torch.cat([engine.edit([row], "both") for row in rows]))
    noise = stock_noise(tuple(engine.x0.shape), subject.steps, SEED)
    sequential = invert(engine.schedule, engine.x0, noise, engine.model.predict_empty, rows=1)
    yield relative_error(sequential.z, engine.inversion.z)
    walked = engine.edit([[dataclasses.replace(first, guidance=0.0)]])
    yield relative_error(walked[0], engine.x0)


def _engine(subject: Subject) -> _Engine:
    model = DiffusionModel(subject.build(), torch.device("cpu"))
    schedule = model.schedule(subject.steps, subject.start)
    (x0,) = model.encode([_picture(model)])
    noise = stock_noise(tuple(x0.shape), subject.steps, SEED)
    return _Engine(model, schedule, x0, invert(schedule, x0, noise, model.predict_empty))


def _picture(model: DiffusionModel) -> Image.Image:
    """A bird that no model was trained on."""
    side = model.native_size
    return render(random_bird(random.Random(3))).resize((side, side))


def _concepts(subject: Subject, model: DiffusionModel) -> list[Concept]:
    """One that is added, and one that is taken away for a part of the steps."""

    def concept(prompt: str, guidance: float, threshold: float, warmup: int, cooldown: int) -> Concept:
        return Concept(prompt, model.token_count(prompt), guidance, threshold, warmup, cooldown)

    n, scale = subject.steps, subject.guidance
    return [
        concept("hooked beak", scale, 0.7, min(2, n - 1), n),
        concept("barred wings", -2 / 3 * scale, 0.5, min(3, n - 1), max(1, 3 * n // 4)),
    ]
