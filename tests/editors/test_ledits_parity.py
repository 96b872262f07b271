"""The engine against the stock LEDITS++ pipeline of diffusers: same noise, same pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, LEditsPPPipelineStableDiffusion
from PIL import Image

from diffex_cli.birds.attributes import Bird, random_bird
from diffex_cli.birds.renderer import render
from diffex_cli.editors.ledits.editing import Concept, Mask, Row, edit
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


def stock_pipeline(pipeline: Any) -> LEditsPPPipelineStableDiffusion:
    scheduler = DPMSolverMultistepScheduler.from_config(
        pipeline.scheduler.config,
        algorithm_type="sde-dpmsolver++",
        solver_order=2,
        timestep_spacing="leading",
        final_sigmas_type="sigma_min",
        lower_order_final=False,
    )
    stock = LEditsPPPipelineStableDiffusion(
        vae=pipeline.vae,
        text_encoder=pipeline.text_encoder,
        tokenizer=pipeline.tokenizer,
        unet=pipeline.unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    stock.set_progress_bar_config(disable=True)
    original = stock.encode_prompt

    def with_right_token_counts(*args: Any, **kwargs: Any) -> Any:
        concepts, empty, counts = original(*args, **kwargs)
        prompts = kwargs.get("editing_prompt")
        if kwargs.get("enable_edit_guidance") and prompts:
            counts = [len(stock.tokenizer(prompt, add_special_tokens=False).input_ids) for prompt in prompts]
        return concepts, empty, counts

    stock.encode_prompt = with_right_token_counts
    return stock


def stock_latents(pipeline: Any, image: Image.Image, concepts: list[Concept], mask: Mask) -> tuple[Any, torch.Tensor]:
    stock = stock_pipeline(pipeline)
    stock.invert(image, num_inversion_steps=STEPS, skip=SKIP, generator=torch.Generator().manual_seed(5))
    output = stock(
        editing_prompt=[concept.prompt for concept in concepts],
        edit_guidance_scale=[abs(concept.guidance) for concept in concepts],
        reverse_editing_direction=[concept.guidance < 0 for concept in concepts],
        edit_threshold=[concept.threshold for concept in concepts],
        edit_warmup_steps=[concept.warmup for concept in concepts],
        edit_cooldown_steps=[concept.cooldown for concept in concepts],
        use_cross_attn_mask=mask in ("attention", "both"),
        use_intersect_mask=mask == "both",
        output_type="latent",
    )
    return stock, output.images


def stock_noise(shape: tuple[int, ...]) -> torch.Tensor:
    """The noise that the stock inversion draws: from the least noisy step up."""
    generator = torch.Generator().manual_seed(5)
    return torch.stack([torch.randn(1, *shape, generator=generator)[0] for _ in range(STEPS)]).flip(0)


@pytest.fixture(scope="module")
def model(new_pipeline: Callable[..., Any]) -> DiffusionModel:
    return DiffusionModel(new_pipeline(), torch.device("cpu"))


@pytest.fixture(scope="module")
def inverted(model: DiffusionModel) -> tuple[Schedule, Inversion]:
    schedule = model.schedule(STEPS, START)
    (x0,) = model.encode([picture()])
    return schedule, invert(schedule, x0, stock_noise(tuple(x0.shape)), model.predict_empty)


def concept(model: DiffusionModel, prompt: str, **changes: Any) -> Concept:
    settings = {"guidance": 6.0, "threshold": 0.7, "warmup": 0, "cooldown": STEPS, **changes}
    return Concept(prompt, model.token_count(prompt), **settings)


def relative_error(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return float((ours - theirs).abs().max() / theirs.abs().max())


def test_timesteps_are_those_of_the_stock_scheduler(pipeline: Any, model: DiffusionModel) -> None:
    stock, _ = stock_latents(pipeline, picture(), [concept(model, "red head")], "guidance")
    assert stock.inversion_steps.tolist() == model.schedule(STEPS, START).timesteps.tolist()


def test_inversion_finds_the_stock_noise_maps(
    pipeline: Any, model: DiffusionModel, inverted: tuple[Schedule, Inversion]
) -> None:
    stock, _ = stock_latents(pipeline, picture(), [concept(model, "red head")], "guidance")
    assert relative_error(inverted[1].z, stock.zs[:, 0]) < 1e-4


@pytest.mark.parametrize("mask", ["both", "attention", "guidance"])
@pytest.mark.parametrize("count", [1, 2])
def test_latents_equal_the_stock_pipelines(
    pipeline: Any, model: DiffusionModel, inverted: tuple[Schedule, Inversion], mask: Mask, count: int
) -> None:
    concepts = [
        concept(model, "hooked beak", warmup=2),
        concept(model, "barred wings", guidance=-4.0, warmup=3, cooldown=12, threshold=0.5),
    ][:count]
    _, theirs = stock_latents(pipeline, picture(), concepts, mask)
    schedule, inversion = inverted
    ours = edit(schedule, [Row(inversion, tuple(concepts))], model.predict, mask)
    assert relative_error(ours, theirs) < 1e-4
    assert relative_error(ours[0], inversion.x[-1]) > 1e-2, "the edit must have changed something"


def test_reconstruction_is_exact(model: DiffusionModel, inverted: tuple[Schedule, Inversion]) -> None:
    """A concept of no strength walks the whole trajectory back to the image."""
    schedule, inversion = inverted
    walked = edit(schedule, [Row(inversion, (concept(model, "red head", guidance=0.0),))], model.predict)
    assert relative_error(walked[0], inversion.x[-1]) < 1e-5
    assert torch.equal(edit(schedule, [Row(inversion, ())], model.predict)[0], inversion.x[-1])


def test_a_batch_equals_its_rows_alone(model: DiffusionModel, inverted: tuple[Schedule, Inversion]) -> None:
    schedule, inversion = inverted
    rows = [
        Row(inversion, (concept(model, "red head", warmup=4, guidance=2.0),)),
        Row(inversion, (concept(model, "tall crest", guidance=2.0), concept(model, "long tail", guidance=2.0))),
        Row(inversion, ()),
    ]
    together = edit(schedule, rows, model.predict)
    alone = torch.cat([edit(schedule, [row], model.predict) for row in rows])
    assert relative_error(together, alone) < 1e-5


def test_chunked_inversion_equals_one_batch(model: DiffusionModel) -> None:
    schedule = model.schedule(STEPS, START)
    (x0,) = model.encode([picture()])
    noise = stock_noise(tuple(x0.shape))
    whole = invert(schedule, x0, noise, model.predict_empty)
    sequential = invert(schedule, x0, noise, model.predict_empty, rows=1)
    assert relative_error(sequential.z, whole.z) < 1e-5


def test_warmup_steps_cost_no_unet_rows(model: DiffusionModel, inverted: tuple[Schedule, Inversion]) -> None:
    schedule, inversion = inverted
    rows_seen: list[int] = []

    def counting(latents: torch.Tensor, timestep: torch.Tensor, prompts: Any, attention: bool) -> Any:
        rows_seen.append(len(latents))
        return model.predict(latents, timestep, prompts, attention)

    edit(schedule, [Row(inversion, (concept(model, "red head", warmup=6),))], counting)
    assert rows_seen == [1] + [2] * (STEPS - 7), "the first active step reuses the stored empty prediction"
