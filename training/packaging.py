"""Assembles trained parts into the folders that ship: diffusers and transformers formats, float16 safetensors."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path

from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from diffex_cli.core.domains import packaged
from training import diffusion
from training.diffusion import new_scheduler


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
    for config in folder.glob("*/config.json"):
        _forget_origin(config)


def _forget_origin(config: Path) -> None:
    """Diffusers notes the folder that a part was loaded from, which is the trainer's business."""
    values = json.loads(config.read_text(encoding="utf-8"))
    values.pop("_name_or_path", None)
    config.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def install(work: Path) -> None:
    """Copy everything trained in ``work`` into the package, assemble the weak editor in ``work/weak``, and
    write ``docs/training-log.md`` of the checkout."""
    for name in ("species", "shortcut", "null", "probe"):
        shutil.copytree(work / "models" / name, packaged(name), dirs_exist_ok=True)
    assemble(work, work / "rehearsed", packaged("diffusion"))
    assemble(work, work / "early", work / "weak")
    docs = Path(__file__).parent.parent / "docs"
    if docs.is_dir():
        (docs / "training-log.md").write_text(training_log(work), encoding="utf-8")


def assemble(work: Path, parts: Path, folder: Path) -> None:
    """Package the U-Net and the text encoder in ``parts`` with the autoencoder and the tokenizer in ``work``."""
    package_diffusion(
        AutoencoderKL.from_pretrained(work / "vae"),
        UNet2DConditionModel.from_pretrained(parts / "unet"),
        CLIPTextModel.from_pretrained(parts / "text_encoder"),
        CLIPTokenizer.from_pretrained(work / "tokenizer"),
        folder,
    )


def training_log(work: Path) -> str:
    """The figures that the training runs logged, about twenty lines a run, as Markdown."""
    practice = diffusion.STEPS + diffusion.FINISHING_STEPS
    sections = [
        "# How the shipped birds models were trained\n\nWritten by `make train-birds`. *right*, *empty* and *wrong* "
        "are losses of fixed twins at t = 500 with the right caption, none and another's; from step "
        f"{practice:,} on the diffusion model's *loss* counts the cells that a lesson changes {diffusion.FOCUS:g} "
        f"times. The mean of the weights after {practice:,} and {diffusion.ALL_STEPS:,} steps then rehearsed whole "
        f"edits: of finished ones, *missing* is the share of the wanted change that the weights before averaging left "
        "out, and *beside* the sum of squares of what else they changed in the latents (an eye's colour is 50)."
    ]
    for name in ("autoencoder", "diffusion", "rehearsal", "species", "shortcut", "probe"):
        rows = [json.loads(line) for line in (work / name / "log.jsonl").read_text().splitlines()]
        rows = list({row["step"]: row for row in rows}.values())
        shown = sorted({*range(0, len(rows), max(1, len(rows) // 20)), len(rows) - 1})
        columns = [column for column in rows[-1] if column != "seconds"]
        lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
        lines += [" | ".join(f"{rows[k][column]:g}" for column in columns) for k in shown]
        sections.append(f"## {name}\n\n" + "\n".join(f"| {line} |" for line in lines))
    return "\n\n".join(sections) + "\n"
