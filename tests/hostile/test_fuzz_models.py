"""Configurations in a model's folder: a kind of model or a sentence, whatever is in the files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fuzz import damaged, outcome
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("diffusers")

FILES = {
    "model_index.json": {
        "_class_name": "StableDiffusionPipeline",
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "scheduler": ["diffusers", "DDIMScheduler"],
    },
    "unet/config.json": {"_class_name": "UNet2DConditionModel", "in_channels": 4, "addition_embed_type": None},
    "vae/config.json": {"_class_name": "AutoencoderKL", "latent_channels": 4, "force_upcast": True},
    "scheduler/scheduler_config.json": {
        "_class_name": "DDIMScheduler",
        "beta_schedule": "linear",
        "prediction_type": "epsilon",
    },
}
SOUND = {name: json.dumps(content).encode() for name, content in FILES.items()}
VALUES = st.sampled_from((None, [], {}, [[]], "x", -1, 1e300, True, ["a", "b", "c"], {"a": []}))


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)


@st.composite
def wrong(draw: st.DrawFn) -> dict[str, bytes]:
    """The files, one of them damaged or with another value under one of its keys."""
    name = draw(st.sampled_from(sorted(FILES)))
    if draw(st.booleans()):
        return {**SOUND, name: draw(damaged(SOUND[name]))}
    changed = {**FILES[name], draw(st.sampled_from(sorted(FILES[name]))): draw(VALUES)}
    return {**SOUND, name: json.dumps(changed).encode()}


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(files=wrong())
def test_wrong_configurations(tmp_path: Path, files: dict[str, bytes]) -> None:
    from diffex_cli.editors.ledits.kinds import read_kind
    from diffex_cli.editors.models.loading import pipeline_kind

    write(tmp_path, files)
    outcome(read_kind, str(tmp_path), "main")
    outcome(pipeline_kind, str(tmp_path), "main")


def test_sound_ones(tmp_path: Path) -> None:
    from diffex_cli.editors.ledits.kinds import read_kind

    write(tmp_path, SOUND)
    assert read_kind(str(tmp_path), "main").latent_channels == 4
