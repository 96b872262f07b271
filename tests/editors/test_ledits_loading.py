from __future__ import annotations

import http.server
import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
)
from huggingface_hub import constants
from safetensors.torch import save_file

from diffex_cli.artifacts.keys import digest
from diffex_cli.core.errors import UsageError
from diffex_cli.editors.ledits.loading import ModelSource, load_pipeline, source_digest
from diffex_cli.editors.models.loading import pick_dtype

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def copied(pipeline_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pipeline_folder, tmp_path / "model"))


def load(folder: Path, dtype: torch.dtype = torch.float32, **options: str) -> Any:
    return load_pipeline(ModelSource(str(folder), **options), dtype)


def refused(folder: Path, **options: str) -> str:
    with pytest.raises(UsageError) as caught:
        load(folder, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert str(folder) in text
    return text


def edit_json(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def equal(module: torch.nn.Module, other: torch.nn.Module) -> bool:
    state, others = module.state_dict(), other.state_dict()
    return state.keys() == others.keys() and all(torch.equal(state[name], others[name]) for name in state)


def test_the_dtype_is_the_one_asked_for(pipeline: Any, pipeline_folder: Path) -> None:
    loaded = load(pipeline_folder, torch.bfloat16)
    assert loaded.unet.dtype == loaded.vae.dtype == loaded.text_encoder.dtype == torch.bfloat16
    assert loaded.safety_checker is None
    assert not any(part.training for part in (loaded.unet, loaded.vae, loaded.text_encoder))
    assert equal(load(pipeline_folder).text_encoder, pipeline.text_encoder)


def test_sdxl(xl_pipeline_folder: Path) -> None:
    loaded = load(xl_pipeline_folder)
    assert type(loaded) is StableDiffusionXLPipeline
    assert loaded.watermark is None
    assert loaded.config["force_zeros_for_empty_prompt"]
    assert loaded.text_encoder_2.dtype == loaded.vae.dtype == torch.float32


def test_an_auto_encoder_that_overflows_in_half_precision_stays_in_single(
    pipeline_folder: Path, xl_pipeline_folder: Path, tmp_path: Path
) -> None:
    loaded = load(xl_pipeline_folder, torch.float16)
    assert loaded.unet.dtype == loaded.text_encoder_2.dtype == torch.float16
    assert loaded.vae.dtype == torch.float32
    assert equal(loaded.vae, load(xl_pipeline_folder).vae), "not even rounded"
    assert load(xl_pipeline_folder, torch.bfloat16).vae.dtype == torch.bfloat16
    assert load(pipeline_folder, torch.float16).vae.dtype == torch.float16
    safe = Path(shutil.copytree(xl_pipeline_folder / "vae", tmp_path / "safe"))
    edit_json(safe / "config.json", force_upcast=False)
    assert load(xl_pipeline_folder, torch.float16, vae=str(safe)).vae.dtype == torch.float16


@pytest.mark.parametrize("kind", ["StableDiffusionImg2ImgPipeline", "LEditsPPPipelineStableDiffusion"])
def test_pipelines_of_the_same_components(kind: str, pipeline: Any, copied: Path) -> None:
    edit_json(copied / "model_index.json", _class_name=kind)
    loaded = load(copied)
    assert type(loaded) is StableDiffusionPipeline
    assert equal(loaded.unet, pipeline.unet)


def test_text_encoders_saved_by_older_libraries(pipeline: Any, copied: Path) -> None:
    file = copied / "text_encoder" / "model.safetensors"
    state = {f"text_model.{name}": tensor for name, tensor in pipeline.text_encoder.state_dict().items()}
    save_file(state, file, {"format": "pt"})
    assert equal(load(copied).text_encoder, pipeline.text_encoder)


def test_other_schedulers(pipeline: Any, copied: Path) -> None:
    config = {**pipeline.scheduler.config, "_class_name": "EulerAncestralDiscreteScheduler"}
    (copied / "scheduler" / "scheduler_config.json").write_text(json.dumps(config))
    index = copied / "model_index.json"
    edit_json(index, scheduler=["diffusers", "EulerAncestralDiscreteScheduler"])
    assert torch.allclose(load(copied).scheduler.alphas_cumprod, pipeline.scheduler.alphas_cumprod)
    FlowMatchEulerDiscreteScheduler().save_pretrained(copied / "scheduler")
    edit_json(index, scheduler=["diffusers", "FlowMatchEulerDiscreteScheduler"])
    assert "has the noise levels of FlowMatchEulerDiscreteScheduler" in refused(copied)


def test_another_auto_encoder(pipeline: Any, pipeline_folder: Path, tmp_path: Path) -> None:
    other = AutoencoderKL.from_config(pipeline.vae.config)
    other.save_pretrained(tmp_path / "pipeline" / "vae")
    for folder in (tmp_path / "pipeline", tmp_path / "pipeline" / "vae"):
        assert equal(load(pipeline_folder, vae=str(folder)).vae, other)
    AutoencoderKL.from_config({**pipeline.vae.config, "latent_channels": 8}).save_pretrained(tmp_path / "wide")
    assert "has 8 latent channels" in refused(pipeline_folder, vae=str(tmp_path / "wide"))
    with pytest.raises(UsageError, match=r"no diffusers model at '.*nowhere/at/all'"):
        load(pipeline_folder, vae=str(tmp_path / "nowhere" / "at" / "all"))


def test_variants(pipeline: Any, tmp_path: Path) -> None:
    pipeline.save_pretrained(tmp_path / "model", variant="fp16")
    assert equal(load(tmp_path / "model", variant="fp16").unet, pipeline.unet)
    assert "its variants are fp16: choose one by variant=fp16" in refused(tmp_path / "model")
    assert "its variants are fp16" in refused(tmp_path / "model", variant="ema")


def test_a_variant_that_is_not_there(pipeline_folder: Path) -> None:
    assert "it has no variant 'fp16'" in refused(pipeline_folder, variant="fp16")


def test_a_missing_folder(tmp_path: Path) -> None:
    assert "no diffusers model at" in refused(tmp_path / "nothing" / "here")
    assert "model_index.json" in refused(tmp_path)


def test_a_folder_has_no_revision(pipeline_folder: Path) -> None:
    assert "has no revisions" in refused(pipeline_folder, revision="v2")


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        ("FluxKontextPipeline", "use --editor flux-kontext:"),
        ("Flux2KleinPipeline", "use --editor flux2-klein:"),
        ("QwenImageEditPlusPipeline", "use --editor qwen-edit:"),
        ("StableDiffusion3Pipeline", "flux2-klein, flux-kontext and qwen-edit"),
    ],
)
def test_pipelines_of_other_components(kind: str, remedy: str, copied: Path) -> None:
    index = json.loads((copied / "model_index.json").read_text())
    del index["unet"]
    (copied / "model_index.json").write_text(
        json.dumps({**index, "_class_name": kind, "transformer": ["diffusers", "Model"]})
    )
    text = refused(copied)
    assert f"is a {kind}" in text
    assert remedy in text


def test_components_of_code_from_elsewhere_are_not_run(copied: Path) -> None:
    edit_json(copied / "model_index.json", unet=["my_unet", "UNet2DConditionModel"])
    (copied / "unet" / "my_unet.py").write_text("raise SystemExit('run!')")
    assert "other parts" in refused(copied)


@pytest.mark.parametrize(("channels", "editor"), [(9, "inpaint"), (8, "instruct")])
def test_unets_that_see_more_than_the_latents(channels: int, editor: str, copied: Path) -> None:
    edit_json(copied / "unet" / "config.json", in_channels=channels)
    assert f"use --editor {editor}:{copied}" in refused(copied)


def test_unets_that_want_more_than_a_prompt(copied: Path) -> None:
    edit_json(copied / "unet" / "config.json", class_embed_type="projection")
    assert "wants more than a prompt" in refused(copied)


def test_other_predictions(copied: Path) -> None:
    edit_json(copied / "scheduler" / "scheduler_config.json", prediction_type="sample")
    assert "predicts 'sample': the ledits editor knows epsilon and v_prediction" in refused(copied)


def test_a_torn_index(copied: Path) -> None:
    (copied / "model_index.json").write_text("{")
    assert "no diffusers model" in refused(copied)


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_missing_and_torn_weights(part: str, copied: Path) -> None:
    (file,) = (copied / part).glob("*.safetensors")
    whole = safetensors.torch.load(file.read_bytes())  # not load_file: the file is written over
    file.write_bytes(file.read_bytes()[:1000])
    assert f"cannot be loaded ({part}: " in refused(copied)
    name = max(whole)
    save_file({key: tensor for key, tensor in whole.items() if key != name}, file, {"format": "pt"})
    assert f"has no weights for {name} of its {part}" in refused(copied)
    file.unlink()
    assert f"cannot be loaded ({part}: " in refused(copied)


def test_a_missing_tokenizer(copied: Path) -> None:
    shutil.rmtree(copied / "tokenizer")
    assert "the tokenizer of" in refused(copied)


def test_pickles_are_not_opened(copied: Path) -> None:
    file = copied / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save({}, file.with_suffix(".bin"))
    file.unlink()
    assert "its weights are pickles" in refused(copied)
    for name in ("model.ckpt", "model.pt", "model.bin"):
        (copied / name).touch()
        assert "convert it to safetensors" in refused(copied / name)


@pytest.fixture
def hub(pipeline_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a model in the hub's cache, without a hub."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    repository = tmp_path / "hub" / "models--acme--tiny"
    shutil.copytree(pipeline_folder, repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    return "acme/tiny"


def test_a_cached_hub_model_needs_no_network(hub: str, pipeline: Any) -> None:
    assert equal(load_pipeline(ModelSource(hub), torch.float32).unet, pipeline.unet)
    assert equal(load_pipeline(ModelSource(hub, revision=COMMIT), torch.float32).unet, pipeline.unet)
    assert source_digest(ModelSource(hub)) == {"model": hub, "weights": None, "revision": "main"}


def test_what_the_hub_does_not_have(hub: str) -> None:
    with pytest.raises(UsageError, match=r"no diffusers model at 'acme/tiny' \(revision v9\)"):
        load_pipeline(ModelSource(hub, revision="v9"), torch.float32)
    with pytest.raises(UsageError, match=r"no diffusers model at 'acme/other'.*a hub id that can be reached"):
        load_pipeline(ModelSource("acme/other"), torch.float32)


class _Hub(http.server.BaseHTTPRequestHandler):
    """Answers as the real one does when a model lacks a revision."""

    def do_HEAD(self) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", "RevisionNotFound")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_a_missing_revision(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), _Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        endpoint = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(constants, "ENDPOINT", endpoint)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        )
        with pytest.raises(UsageError, match=r"^the hub's model acme/tiny has no revision 'v9'$"):
            load_pipeline(ModelSource("acme/tiny", revision="v9"), torch.float32)
        server.shutdown()


def test_the_digest_follows_what_changes_pictures(copied: Path, xl_pipeline_folder: Path, tmp_path: Path) -> None:
    plain = source_digest(ModelSource(str(copied)))
    assert plain == source_digest(ModelSource(str(copied), revision="main"))
    digests = [plain]
    vae = Path(shutil.copytree(xl_pipeline_folder / "vae", tmp_path / "vae"))
    digests.append(source_digest(ModelSource(str(copied), vae=str(vae))))
    edit_json(vae / "config.json", force_upcast=False)
    digests.append(source_digest(ModelSource(str(copied), vae=str(vae))))
    digests.append(source_digest(ModelSource(str(copied), variant="fp16")))
    edit_json(copied / "scheduler" / "scheduler_config.json", steps_offset=0)
    digests.append(source_digest(ModelSource(str(copied))))
    assert len({digest(found) for found in digests}) == len(digests)
    assert str(tmp_path) not in json.dumps(digests)


def test_half_precision_is_for_accelerators() -> None:
    assert pick_dtype("auto", torch.device("cpu")) == torch.float32
    assert pick_dtype("auto", torch.device("cuda")) == torch.float16
    assert pick_dtype("bfloat16", torch.device("cpu")) == torch.bfloat16
