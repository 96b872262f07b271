from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from diffex_cli.editors.ledits.loading import load_pipeline, pick_dtype
from diffex_cli.errors import UsageError


@pytest.fixture
def copied(pipeline_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pipeline_folder, tmp_path / "model"))


def load(folder: Path) -> object:
    return load_pipeline(str(folder), "main", torch.float32)


def refused(folder: Path) -> str:
    with pytest.raises(UsageError) as caught:
        load(folder)
    text = str(caught.value)
    assert "\n" not in text
    assert str(folder) in text
    return text


def test_the_dtype_is_the_one_asked_for(pipeline_folder: Path) -> None:
    pipeline = load_pipeline(str(pipeline_folder), "main", torch.bfloat16)
    assert pipeline.unet.dtype == pipeline.vae.dtype == torch.bfloat16
    assert pipeline.safety_checker is None


def test_a_missing_folder(tmp_path: Path) -> None:
    assert "no diffusers model at" in refused(tmp_path / "nothing" / "here")
    assert "model_index.json" in refused(tmp_path)


def test_another_pipeline(copied: Path) -> None:
    index = json.loads((copied / "model_index.json").read_text())
    (copied / "model_index.json").write_text(json.dumps({**index, "_class_name": "StableDiffusionXLPipeline"}))
    assert "is a StableDiffusionXLPipeline; the ledits editor runs StableDiffusionPipeline models" in refused(copied)


def test_a_torn_index(copied: Path) -> None:
    (copied / "model_index.json").write_text("{")
    assert "no diffusers model" in refused(copied)


def test_missing_weights(copied: Path) -> None:
    (copied / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    assert "cannot be loaded" in refused(copied)


def test_torn_weights(copied: Path) -> None:
    file = copied / "unet" / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    assert "cannot be loaded" in refused(copied)


def test_pickled_weights_are_not_opened(copied: Path) -> None:
    file = copied / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save({}, file.with_suffix(".bin"))
    file.unlink()
    assert "safetensors" in refused(copied)


def test_half_precision_is_for_accelerators() -> None:
    assert pick_dtype("auto", torch.device("cpu")) == torch.float32
    assert pick_dtype("auto", torch.device("cuda")) == torch.float16
    assert pick_dtype("bfloat16", torch.device("cpu")) == torch.bfloat16
