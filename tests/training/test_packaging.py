from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import load_file

from diffex_cli.editors.ledits.loading import ModelSource, load_pipeline
from training.autoencoder import new_autoencoder
from training.diffusion import new_unet
from training.packaging import package_diffusion
from training.words import new_text_encoder, new_tokenizer


def test_what_is_packaged_is_a_small_stable_diffusion_model(tmp_path: Path) -> None:
    tokenizer = new_tokenizer()
    new_unet().save_pretrained(tmp_path / "unet")
    vae, text_encoder = new_autoencoder(), new_text_encoder(tokenizer)
    unet = UNet2DConditionModel.from_pretrained(tmp_path / "unet")
    vae.register_to_config(scaling_factor=2.5)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "stale.txt").touch()
    package_diffusion(vae, unet, text_encoder, tokenizer, tmp_path / "model")
    files = [path for path in (tmp_path / "model").rglob("*") if path.is_file()]
    assert not any(path.name == "stale.txt" or path.suffix in (".bin", ".pt", ".ckpt") for path in files)
    assert sum(path.stat().st_size for path in files) < 25_000_000
    for path in files:
        if path.suffix == ".json":
            assert str(tmp_path) not in path.read_text(encoding="utf-8"), "the trainer's folders are nobody's business"
        if path.suffix == ".safetensors":
            assert {t.dtype for t in load_file(path).values() if t.is_floating_point()} == {torch.float16}
    pipeline = load_pipeline(ModelSource(str(tmp_path / "model")), torch.float32)
    assert isinstance(pipeline, StableDiffusionPipeline)
    assert pipeline.vae.config.scaling_factor == 2.5
    assert pipeline.unet.dtype == torch.float32
    assert pipeline.tokenizer("tall crest").input_ids == tokenizer("tall crest").input_ids
    loaded = pipeline.unet.conv_in.weight.detach()
    assert torch.allclose(loaded, unet.conv_in.weight.detach(), atol=1e-3)
    assert unet.dtype == torch.float32, "the parts that are given stay as they are"
