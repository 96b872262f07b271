"""Assembles trained parts into the folders that ship: diffusers and transformers formats, float16 safetensors."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from diffex_cli.birds.training.diffusion import new_scheduler

MODELS = Path(__file__).parent.parent / "models"


def package_diffusion(
    vae: AutoencoderKL, unet: UNet2DConditionModel, text_encoder: CLIPTextModel, tokenizer: CLIPTokenizer, folder: Path
) -> None:
    """Write a ``StableDiffusionPipeline`` folder in float16; replaces what is there."""
    shutil.rmtree(folder, ignore_errors=True)
    StableDiffusionPipeline(
        vae=copy.deepcopy(vae).half(),
        unet=copy.deepcopy(unet).half(),
        text_encoder=copy.deepcopy(text_encoder).half(),
        tokenizer=tokenizer,
        scheduler=new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder, safe_serialization=True)


def install(work: Path) -> None:
    """Copy everything trained in ``work`` into the package, and assemble the weak editor in ``work/weak``."""
    MODELS.mkdir(exist_ok=True)
    for name in ("species", "shortcut", "null", "probe"):
        shutil.copytree(work / "models" / name, MODELS / name, dirs_exist_ok=True)
    for parts, folder in ((work, MODELS / "diffusion"), (work / "early", work / "weak")):
        package_diffusion(
            AutoencoderKL.from_pretrained(work / "vae"),
            UNet2DConditionModel.from_pretrained(parts / "unet"),
            CLIPTextModel.from_pretrained(parts / "text_encoder"),
            CLIPTokenizer.from_pretrained(work / "tokenizer"),
            folder,
        )
