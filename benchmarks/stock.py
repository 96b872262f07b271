"""The stock LEDITS++ pipelines of diffusers, as the engine is compared with them.

Their scheduler is set so that the reconstruction is exact, and M1 sums over the prompt's own tokens
(with transformers 5 the pipelines take the padding for a part of the prompt). All else is theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from diffex_cli.core.hierarchy import Candidate
from diffex_cli.core.machine import quiet_transformers
from diffex_cli.editors.ledits.editing import Concept, Mask
from diffex_cli.editors.ledits.options import LeditsOptions

with quiet_transformers():
    from diffusers import (
        DPMSolverMultistepScheduler,
        LEditsPPPipelineStableDiffusion,
        LEditsPPPipelineStableDiffusionXL,
    )

_TRAIN_TIMESTEPS = 1000


def stock_pipeline(pipeline: Any) -> Any:
    """The stock pipeline with the components of a Stable Diffusion or SDXL pipeline.

    It replaces the U-Net's attention processors: give it a pipeline that nothing else uses.
    """
    scheduler = DPMSolverMultistepScheduler.from_config(
        pipeline.scheduler.config,
        algorithm_type="sde-dpmsolver++",
        solver_order=2,
        timestep_spacing="leading",
        final_sigmas_type="sigma_min",
        lower_order_final=False,
    )
    parts = {name: getattr(pipeline, name) for name in ("vae", "text_encoder", "tokenizer", "unet")}
    if getattr(pipeline, "text_encoder_2", None) is not None:
        stock = LEditsPPPipelineStableDiffusionXL(
            **parts,
            text_encoder_2=pipeline.text_encoder_2,
            tokenizer_2=pipeline.tokenizer_2,
            scheduler=scheduler,
            add_watermarker=False,
        )
    else:
        stock = LEditsPPPipelineStableDiffusion(
            **parts, scheduler=scheduler, safety_checker=None, feature_extractor=None, requires_safety_checker=False
        )
    stock.set_progress_bar_config(disable=True)
    _mend_token_counts(stock)
    return stock


def _mend_token_counts(stock: Any) -> None:
    """Both pipelines return the numbers of tokens last."""
    original = stock.encode_prompt

    def encode_prompt(*args: Any, **kwargs: Any) -> Any:
        *embeddings, counts = original(*args, **kwargs)
        prompts = kwargs.get("editing_prompt")
        if kwargs.get("enable_edit_guidance") and prompts:
            counts = [len(stock.tokenizer(prompt, add_special_tokens=False).input_ids) for prompt in prompts]
        return (*embeddings, counts)

    stock.encode_prompt = encode_prompt


def stock_invert(stock: Any, image: Image.Image, steps: int, skip: float, seed: int, zero_noise: int = 0) -> None:
    """Invert one image; the pipeline keeps what it found.

    Args:
        image: with sides that are multiples of 32.
        zero_noise: how many last noise maps the SDXL pipeline drops (3 by default; the other one has no choice).
    """
    more = {"num_zero_noise_steps": zero_noise} if isinstance(stock, LEditsPPPipelineStableDiffusionXL) else {}
    generator = torch.Generator().manual_seed(seed)
    stock.invert(image, num_inversion_steps=steps, skip=skip, generator=generator, **more)


def stock_edit(stock: Any, concepts: Sequence[Concept], mask: Mask, output_type: str = "latent") -> Any:
    """Edit the image that was inverted last.

    Args:
        mask: ``none`` is M2 with λ = 0, which keeps every cell.
        output_type: ``latent`` for a tensor of shape (1, C, h, w), ``pil`` for a list of one picture.
    """
    return stock(
        editing_prompt=[concept.prompt for concept in concepts],
        edit_guidance_scale=[abs(concept.guidance) for concept in concepts],
        reverse_editing_direction=[concept.guidance < 0 for concept in concepts],
        edit_threshold=[0.0 if mask == "none" else concept.threshold for concept in concepts],
        edit_warmup_steps=[concept.warmup for concept in concepts],
        edit_cooldown_steps=[concept.cooldown for concept in concepts],
        use_cross_attn_mask=mask in ("attention", "both"),
        use_intersect_mask=mask == "both",
        output_type=output_type,
    ).images


def concepts_of(candidate: Candidate, settings: LeditsOptions) -> list[Concept]:
    """The engine's concepts; the stock pipeline counts tokens itself."""
    return [
        Concept(
            prompt=term.prompt,
            token_count=0,
            guidance=settings.guidance,
            threshold=settings.threshold,
            warmup=settings.warmup,
            cooldown=settings.cooldown or settings.steps,
        )
        for term in candidate.terms
    ]


def stock_noise(shape: tuple[int, ...], steps: int, seed: int) -> Tensor:
    """The noise that :func:`stock_invert` draws, in the engine's order, shape (steps, *shape).

    The pipelines draw from the least noisy step up.
    """
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randn(1, *shape, generator=generator)[0] for _ in range(steps)]).flip(0)


def skip_for(steps: int, start: int, offset: int = 1) -> float:
    """The ``skip`` with which the stock pipelines use the engine's timesteps.

    They take the last ``steps`` of n = int(steps·(1 + skip)) timesteps that lie ⌊T / (n + 1)⌋ apart.
    """
    spacing = (start - offset) // steps
    fitting = [n for n in range(steps, _TRAIN_TIMESTEPS) if _TRAIN_TIMESTEPS // (n + 1) == spacing]
    if not fitting:
        raise ValueError(f"the stock pipelines cannot place {steps} timesteps {spacing} apart")
    return (fitting[0] + 0.5) / steps - 1
