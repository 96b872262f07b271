"""The engine against the stock LEDITS++ pipelines of diffusers, SD and SDXL: same noise, same pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

from benchmarks.stock import stock_edit, stock_invert, stock_noise, stock_pipeline
from diffex_cli.birds.attributes import Bird, random_bird
from diffex_cli.birds.renderer import render
from diffex_cli.core.errors import UsageError
from diffex_cli.editors.ledits.editing import Concept, Mask, Masking, Row, edit
from diffex_cli.editors.ledits.inversion import Inversion, invert
from diffex_cli.editors.ledits.model import DiffusionModel
from diffex_cli.editors.ledits.solver import Schedule

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"  # diffusers' scheduler, numpy 2
)

STEPS, SKIP, START = 16, 0.2, 801


def picture(seed: int = 3, size: int = 64) -> Image.Image:
    import random

    bird: Bird = random_bird(random.Random(seed))
    return render(bird).resize((size, size))


@dataclasses.dataclass
class Subject:
    """One pipeline, the engine's model of it, and one inverted picture."""

    pipeline: Any
    model: DiffusionModel
    schedule: Schedule
    inversion: Inversion

    @property
    def is_xl(self) -> bool:
        return self.model.is_xl

    def masking(self, kind: Mask) -> Masking:
        return Masking(kind, joint_from=1000 if self.is_xl else 800)

    def concept(self, prompt: str, **changes: Any) -> Concept:
        settings = {"guidance": 6.0, "threshold": 0.7, "warmup": 0, "cooldown": STEPS, **changes}
        return Concept(prompt, self.model.token_count(prompt), **settings)


@pytest.fixture(scope="module", params=["sd", "sd-v", "xl"])
def subject(
    request: pytest.FixtureRequest, new_pipeline: Callable[..., Any], new_xl_pipeline: Callable[..., Any]
) -> Subject:
    build = {"sd": new_pipeline, "sd-v": lambda: new_pipeline("v_prediction"), "xl": new_xl_pipeline}[request.param]
    model = DiffusionModel(build(), torch.device("cpu"))
    schedule = model.schedule(STEPS, START)
    (x0,) = model.encode([picture()])
    inversion = invert(schedule, x0, stock_noise(tuple(x0.shape), STEPS, seed=5), model.predict_empty)
    return Subject(build(), model, schedule, inversion)


def stock_latents(subject: Subject, concepts: list[Concept], mask: Mask, zero_noise: int = 0) -> tuple[Any, Tensor]:
    stock = stock_pipeline(subject.pipeline)
    stock_invert(stock, picture(), STEPS, SKIP, seed=5, zero_noise=zero_noise)
    return stock, stock_edit(stock, concepts, mask)


def relative_error(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).abs().max() / theirs.abs().max())


def disagreement(ours: Tensor, theirs: Tensor) -> float:
    """The share of values that differ by more than 1e-4 of the largest. A mask is cut at a quantile, so a cell that
    lies on it may fall to either side by a rounding, and takes its neighbourhood with it."""
    return float(((ours - theirs).abs() > 1e-4 * theirs.abs().max()).float().mean())


def test_timesteps_and_noise_maps_are_the_stock_ones(subject: Subject) -> None:
    stock, _ = stock_latents(subject, [subject.concept("red head")], "guidance")
    assert stock.inversion_steps.tolist() == subject.schedule.timesteps.tolist()
    assert relative_error(subject.inversion.z, stock.zs[:, 0]) < 1e-4


@pytest.mark.parametrize("mask", ["both", "attention", "guidance"])
@pytest.mark.parametrize("count", [1, 2])
def test_latents_equal_the_stock_pipelines(subject: Subject, mask: Mask, count: int) -> None:
    concepts = [
        subject.concept("hooked beak", warmup=2),
        subject.concept("barred wings", guidance=-4.0, warmup=3, cooldown=12, threshold=0.5),
    ][:count]
    _, theirs = stock_latents(subject, concepts, mask)
    row = Row(subject.inversion, tuple(concepts))
    ours = edit(subject.schedule, [row], subject.model.predict, subject.masking(mask)).latents
    assert disagreement(ours, theirs) < 0.02
    assert relative_error(ours[0], subject.inversion.x[-1]) > 1e-2, "the edit must have changed something"


@pytest.mark.parametrize("subject", ["xl"], indirect=True)
def test_zeroed_last_noise_maps_are_those_of_the_stock_xl_pipeline(subject: Subject) -> None:
    concepts = [subject.concept("hooked beak", warmup=2)]
    _, theirs = stock_latents(subject, concepts, "guidance", zero_noise=3)
    row = Row(subject.inversion, tuple(concepts))
    masking = subject.masking("guidance")
    ours = edit(subject.schedule, [row], subject.model.predict, masking, zero_noise=3).latents
    assert disagreement(ours, theirs) < 0.02
    kept = edit(subject.schedule, [row], subject.model.predict, masking).latents
    assert relative_error(kept, theirs) > 1e-3, "the zeroed maps must make a difference"


def test_with_zeroed_noise_the_baseline_is_an_edit_of_no_strength(subject: Subject) -> None:
    nothing = Row(subject.inversion, ())
    weak = Row(subject.inversion, (subject.concept("red head", guidance=0.0),))
    walked = edit(subject.schedule, [nothing, weak], subject.model.predict, zero_noise=3).latents
    assert relative_error(walked[0], walked[1]) < 1e-5
    assert relative_error(walked[0], subject.inversion.x[-1]) > 1e-4


def test_reconstruction_is_exact(subject: Subject) -> None:
    """A concept of no strength walks the whole trajectory back to the image."""
    weak = Row(subject.inversion, (subject.concept("red head", guidance=0.0),))
    walked = edit(subject.schedule, [weak, Row(subject.inversion, ())], subject.model.predict).latents
    assert relative_error(walked[0], subject.inversion.x[-1]) < 1e-5
    assert torch.equal(walked[1], subject.inversion.x[-1])


def test_a_batch_equals_its_rows_alone(subject: Subject) -> None:
    concept, inversion = subject.concept, subject.inversion
    rows = [
        Row(inversion, (concept("red head", warmup=4, guidance=2.0),)),
        Row(inversion, (concept("tall crest", guidance=2.0), concept("long tail", guidance=-2.0))),
        Row(inversion, ()),
    ]
    together = edit(subject.schedule, rows, subject.model.predict)
    alone = [edit(subject.schedule, [row], subject.model.predict) for row in rows]
    assert relative_error(together.latents, torch.cat([each.latents for each in alone])) < 1e-5
    assert relative_error(together.masks, torch.cat([each.masks for each in alone])) < 1e-5


def test_parallel_inversion_equals_sequential(subject: Subject) -> None:
    (x0,) = subject.model.encode([picture()])
    noise = stock_noise(tuple(x0.shape), STEPS, seed=5)
    sequential = invert(subject.schedule, x0, noise, subject.model.predict_empty, rows=1)
    assert relative_error(sequential.z, subject.inversion.z) < 1e-5


def test_warmup_steps_cost_no_unet_rows(subject: Subject) -> None:
    rows_seen: list[int] = []

    def counting(latents: Tensor, timestep: Tensor, prompts: Any, attention_divisor: int) -> Any:
        rows_seen.append(len(latents))
        return subject.model.predict(latents, timestep, prompts, attention_divisor)

    edit(subject.schedule, [Row(subject.inversion, (subject.concept("red head", warmup=6),))], counting)
    assert rows_seen == [1] + [2] * (STEPS - 7), "the first active step reuses the stored empty prediction"


def test_an_empty_prediction_that_cancels_is_not_made(subject: Subject) -> None:
    """ε(∅) + 1·(ε(c) − ε(∅)) is ε(c), whether one concept or several have the scales that add up to one."""
    rows_seen: list[int] = []

    def counting(latents: Tensor, timestep: Tensor, prompts: Any, attention_divisor: int) -> Any:
        rows_seen.append(len(latents))
        return subject.model.predict(latents, timestep, prompts, attention_divisor)

    concepts = [subject.concept("red head", guidance=1.0)]
    _, theirs = stock_latents(subject, concepts, "none")
    ours = edit(subject.schedule, [Row(subject.inversion, tuple(concepts))], counting, Masking("none"))
    assert rows_seen == [1] * STEPS
    assert relative_error(ours.latents, theirs) < 1e-4
    assert relative_error(ours.latents[0], subject.inversion.x[-1]) > 1e-3, "the edit must have changed something"

    rows_seen.clear()
    pair = [subject.concept("red head", guidance=3.0), subject.concept("long tail", guidance=-2.0, cooldown=10)]
    _, theirs = stock_latents(subject, pair, "none")
    ours = edit(subject.schedule, [Row(subject.inversion, tuple(pair))], counting, Masking("none"))
    assert rows_seen == [2] * STEPS, "beyond the second concept's cool-down the empty prediction is needed again"
    assert relative_error(ours.latents, theirs) < 1e-4


def test_no_number_is_read_back_from_the_device(subject: Subject) -> None:
    """On the meta device nothing has a value, and tensors of other devices do not mix: what runs there waits for no
    accelerator and needs no float64 on it."""
    x0 = torch.empty(4, 16, 16, device="meta")
    noise = torch.empty(STEPS, 4, 16, 16, device="meta")
    inversion = invert(subject.schedule, x0, noise, lambda latents, timesteps: latents.clone())
    assert {tensor.device.type for tensor in (inversion.x, inversion.z, inversion.epsilon)} == {"meta"}

    def predict(latents: Tensor, timestep: Tensor, prompts: Any, attention_divisor: int) -> Any:
        assert timestep.device == latents.device
        return latents.clone(), torch.empty(len(latents), 16, 7, device="meta")

    rows = [
        Row(inversion, (subject.concept("red head", warmup=3),)),
        Row(inversion, (subject.concept("tall crest"), subject.concept("long tail", guidance=-2.0, cooldown=9))),
        Row(inversion, ()),
    ]
    edited = edit(subject.schedule, rows, predict, subject.masking("both"), zero_noise=2)
    assert (edited.latents.device.type, edited.masks.device.type) == ("meta", "meta")


def test_the_mask_covers_what_the_threshold_leaves(subject: Subject) -> None:
    rows = [
        Row(subject.inversion, (subject.concept("red head", threshold=0.75, warmup=2),)),
        Row(subject.inversion, (subject.concept("red head", threshold=0.0),)),
        Row(subject.inversion, ()),
    ]
    edited = edit(subject.schedule, rows, subject.model.predict, Masking("guidance"))
    shares = edited.masks.mean(dim=(1, 2, 3)).tolist()
    assert shares == pytest.approx([0.25, 1.0, 0.0], abs=0.01)


def test_a_finer_attention_makes_a_finer_mask(subject: Subject) -> None:
    """The tiny U-Nets look at 1/2 and 1/4 of the latents' side."""
    row = Row(subject.inversion, (subject.concept("red head", warmup=STEPS - 1, threshold=0.9),))
    fine, coarse = (
        edit(subject.schedule, [row], subject.model.predict, Masking("attention", divisor)).masks[0, 0]
        for divisor in (2, 4)
    )
    blocks = coarse.unfold(0, 4, 4).unfold(1, 4, 4)
    assert (blocks.amax((-1, -2)) == blocks.amin((-1, -2))).all(), "the coarse mask consists of 4×4 blocks"
    blocks = fine.unfold(0, 4, 4).unfold(1, 4, 4)
    assert (blocks.amax((-1, -2)) != blocks.amin((-1, -2))).any()


def test_a_resolution_without_attention_is_refused(subject: Subject) -> None:
    row = Row(subject.inversion, (subject.concept("red head"),))
    with pytest.raises(UsageError, match=r"1/8 of the latents.*attention=2 or attention=4.*mask=guidance"):
        edit(subject.schedule, [row], subject.model.predict, Masking("attention", 8))
