"""Low-rank adaptations: tiny ones, in the two layouts in which they are handed around."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from diffex_cli.artifacts.keys import digest
from diffex_cli.core.errors import UsageError
from diffex_cli.editors.ledits.loading import ModelSource, load_pipeline, source_digest
from diffex_cli.editors.ledits.lora import parse_loras

pytest.importorskip("peft", reason="LoRA is an extra")

LAYER = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_q"
TEXT_LAYERS = ("encoder.layers.1.self_attn.q_proj", "encoder.layers.1.self_attn.out_proj")
RANK, ALPHA = 2, 1.0
GENERATOR = torch.Generator().manual_seed(0)
DOWN, UP = torch.randn(RANK, 16, generator=GENERATOR), torch.randn(16, RANK, generator=GENERATOR)


def kohya(part: str, layer: str, alpha: float = ALPHA) -> dict[str, Tensor]:
    """The layout of most training scripts, with an α."""
    key = f"lora_{part}_{layer.replace('.', '_')}"
    return {f"{key}.lora_down.weight": DOWN, f"{key}.lora_up.weight": UP, f"{key}.alpha": torch.tensor(alpha)}


def text(part: str, *alphas: float) -> dict[str, Tensor]:
    layers = zip(TEXT_LAYERS, alphas or (ALPHA, ALPHA), strict=True)
    return {key: weight for layer, alpha in layers for key, weight in kohya(part, f"text_model.{layer}", alpha).items()}


def peft_layout(layer: str) -> dict[str, Tensor]:
    """Diffusers' own layout, where α is the rank."""
    return {f"{layer}.lora_A.weight": DOWN, f"{layer}.lora_B.weight": UP}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "style.safetensors"


def written(file: Path, weights: dict[str, Tensor]) -> Path:
    save_file({key: weight.clone() for key, weight in weights.items()}, file)
    return file


def load(model: Path, lora: object = "") -> Any:
    return load_pipeline(ModelSource(str(model), lora=str(lora)), torch.float32)


def refused(model: Path, lora: object) -> str:
    with pytest.raises(UsageError) as caught:
        load(model, lora)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def changes(model: Path, lora: str) -> dict[str, Tensor]:
    """Component and weight → the difference that the LoRA makes, of those that change."""
    plain, adapted = load(model), load(model, lora)
    found = {}
    for part in ("unet", "vae", "text_encoder", "text_encoder_2"):
        if hasattr(plain, part):
            state, others = getattr(plain, part).state_dict(), getattr(adapted, part).state_dict()
            assert state.keys() == others.keys(), "nothing is left of the adapters but the weights"
            found |= {
                f"{part}.{key}": others[key] - state[key] for key in state if not torch.equal(state[key], others[key])
            }
    return found


@pytest.mark.parametrize(("suffix", "weight"), [("", 1.0), ("@0.5", 0.5), ("@-2", -2.0)])
def test_weights_change_by_alpha_over_rank(suffix: str, weight: float, file: Path, pipeline_folder: Path) -> None:
    written(file, kohya("unet", LAYER))
    found = changes(pipeline_folder, f"{file}{suffix}")
    assert list(found) == [f"unet.{LAYER}.weight"]
    wanted = weight * ALPHA / RANK * UP @ DOWN
    assert torch.allclose(found[f"unet.{LAYER}.weight"], wanted, atol=1e-6)


def test_the_output_changes_by_the_low_rank_product(file: Path, pipeline_folder: Path) -> None:
    written(file, kohya("unet", LAYER))
    inputs = torch.randn(3, 16, generator=torch.Generator().manual_seed(1))
    plain, adapted = (load(pipeline_folder, lora).unet for lora in ("", f"{file}@0.8"))
    with torch.no_grad():
        difference = adapted.get_submodule(LAYER)(inputs) - plain.get_submodule(LAYER)(inputs)
        assert torch.allclose(difference, 0.8 * ALPHA / RANK * (inputs @ DOWN.T) @ UP.T, atol=1e-5)
        latents, words = torch.randn(1, 4, 16, 16), torch.randn(1, 5, 16)
        outputs = [unet(latents, torch.tensor(500), words).sample for unet in (plain, adapted)]
    assert not torch.allclose(*outputs, atol=1e-4)


def test_several_add_up(file: Path, pipeline_folder: Path) -> None:
    written(file, kohya("unet", LAYER))
    other = written(file.with_name("other.safetensors"), peft_layout(f"unet.{LAYER}"))
    found = changes(pipeline_folder, f"{file}@0.5+{other}@0.25")
    wanted = (0.5 * ALPHA / RANK + 0.25) * UP @ DOWN
    assert torch.allclose(found[f"unet.{LAYER}.weight"], wanted, atol=1e-6)


def test_text_encoders_are_adapted_too(file: Path, pipeline_folder: Path, xl_pipeline_folder: Path) -> None:
    wanted = 0.5 * ALPHA / RANK * UP @ DOWN
    written(file, text("te"))
    found = changes(pipeline_folder, f"{file}@0.5")
    assert set(found) == {f"text_encoder.{layer}.weight" for layer in TEXT_LAYERS}
    assert all(torch.allclose(change, wanted, atol=1e-6) for change in found.values())
    written(file, {**kohya("unet", LAYER), **text("te1"), **text("te2")})
    layer = f"unet.{LAYER}.weight"
    texts = {
        f"{part}.{layer}.weight" for part in ("text_encoder", "text_encoder_2.text_model") for layer in TEXT_LAYERS
    }
    found = changes(xl_pipeline_folder, f"{file}@0.5")
    assert set(found) == {layer, *texts}
    assert all(torch.allclose(change, wanted, atol=1e-6) for change in found.values())


def test_an_alpha_that_cannot_be_placed_is_not_ignored(file: Path, pipeline_folder: Path) -> None:
    written(file, text("te", 1.0, 2.0))
    assert "alpha_pattern" in refused(pipeline_folder, file)


def test_a_folder_stands_for_the_file_in_it(file: Path, pipeline_folder: Path) -> None:
    written(file, kohya("unet", LAYER))
    assert changes(pipeline_folder, str(file.parent)).keys() == {f"unet.{LAYER}.weight"}
    written(file.with_name("other.safetensors"), kohya("unet", LAYER))
    assert "holds 2 safetensors files" in refused(pipeline_folder, file.parent)
    usual = written(file.with_name("pytorch_lora_weights.safetensors"), kohya("unet", LAYER))
    assert parse_loras(f"{file.parent}@2")[0].file == usual


def test_what_does_not_fit_is_refused(file: Path, pipeline_folder: Path) -> None:
    lora = written(file, {"foo.weight": UP})
    assert "cannot be added" in refused(pipeline_folder, lora)
    written(file, peft_layout("transformer.layer"))
    assert "holds nothing for this model" in refused(pipeline_folder, lora)
    written(file, peft_layout("unet.down_blocks.7.attn.to_q"))
    assert "not found in the base model" in refused(pipeline_folder, lora)
    written(file, {**peft_layout(f"unet.{LAYER}"), f"unet.{LAYER}.lora_A.weight": torch.zeros(2, 32)})
    assert "made for this kind of model" in refused(pipeline_folder, lora)
    written(file, {**peft_layout(f"unet.{LAYER}"), f"unet.{LAYER}.lora_A.weight": DOWN * torch.nan})
    assert "NaN" in refused(pipeline_folder, lora)
    file.write_bytes(file.read_bytes()[:-1])
    assert "cannot be added" in refused(pipeline_folder, lora)


def other(*names: str) -> dict[str, Tensor]:
    """A layer's weights in kohya's layout, by the last parts of their keys."""
    return {f"lora_unet_{LAYER.replace('.', '_')}.{name}": torch.ones(16, 16) for name in names}


@pytest.mark.parametrize(
    ("weights", "kind"),
    [
        ({**kohya("unet", LAYER), **other("dora_scale")}, "a DoRA"),
        ({**text("te"), "lora_te_text_model_encoder_layers_1_self_attn_q_proj.dora_scale": UP}, "a DoRA"),
        (other("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"), "a LoHa"),
        (other("lokr_w1", "lokr_w2"), "a LoKr"),
        ({**kohya("unet", LAYER.replace("to_q", "to_k")), **other("lokr_w1", "lokr_w2")}, "a LoKr"),
        (other("oft_blocks"), "an OFT"),
        (other("weight", "on_input"), "an (IA)³"),
    ],
)
def test_other_adaptations_are_refused_by_name(
    weights: dict[str, Tensor], kind: str, file: Path, pipeline_folder: Path
) -> None:
    lora = written(file, weights)
    assert refused(pipeline_folder, lora) == (
        f"lora={lora} is {kind}, which cannot be added as it is: merge it into the model with the program that it was "
        "made with and give that model, or give a plain LoRA"
    )
    # also where another one is added first
    plain = written(file.with_name("plain.safetensors"), kohya("unet", LAYER))
    assert f"lora={lora} is {kind}" in refused(pipeline_folder, f"{plain}+{lora}")


@pytest.mark.parametrize("name", ["diff", "diff_b", "lora_mid.weight", "lora_up.bias"])
def test_what_would_be_left_out_is_named(name: str, file: Path, pipeline_folder: Path) -> None:
    assert name.partition(".")[0] in refused(pipeline_folder, written(file, {**kohya("unet", LAYER), **other(name)}))


def test_layers_that_the_model_lacks_are_not_left_out_silently(file: Path, pipeline_folder: Path) -> None:
    strange = kohya("unet", "down_blocks.7.attentions.0.transformer_blocks.0.attn2.to_q")
    lora = written(file, {**kohya("unet", LAYER), **strange})
    assert "unexpected keys found in the model: down_blocks.7" in refused(pipeline_folder, lora)


def test_a_dora_in_pefts_layout_sets_the_magnitudes(file: Path, pipeline_folder: Path) -> None:
    """W' = m · (W + B·A) / ‖W + B·A‖, by rows (Liu et al. 2024, Eq. 5)."""
    magnitude = torch.rand(16, generator=torch.Generator().manual_seed(2)) + 0.5
    written(file, {**peft_layout(f"unet.{LAYER}"), f"unet.{LAYER}.lora_magnitude_vector": magnitude})
    plain, adapted = (load(pipeline_folder, lora).unet.get_submodule(LAYER).weight for lora in ("", file))
    direction = plain + UP @ DOWN
    wanted = magnitude[:, None] * direction / direction.norm(dim=1, keepdim=True)
    assert torch.allclose(adapted, wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("lora", "reason"),
    [
        ("./nowhere.safetensors", "there is no such file"),
        ("./nowhere", "there is no such folder"),
        ("acme/style@strong", "then @ and a weight"),
        ("acme/style@nan", "then @ and a weight"),
        ("@0.5", "then @ and a weight"),
        ("a.safetensors+", "there is no such"),
        ("style.ckpt", "only safetensors are opened"),
    ],
)
def test_what_cannot_be_read_is_refused(lora: str, reason: str, pipeline_folder: Path) -> None:
    text = refused(pipeline_folder, lora)
    assert text.startswith("lora=")
    assert reason in text


def test_hub_ids_are_left_to_the_hub() -> None:
    (lora,) = parse_loras("acme/style@0.8")
    assert (lora.name, lora.file, lora.weight) == ("acme/style", None, 0.8)
    assert parse_loras("") == ()


def test_without_peft(file: Path, pipeline_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(file, kohya("unet", LAYER))
    monkeypatch.setitem(sys.modules, "peft", None)
    assert 'needs the package peft: pip install "diffex[lora]"' in refused(pipeline_folder, file)


def test_the_fingerprint_follows_file_and_weight(file: Path, pipeline_folder: Path) -> None:
    def found(lora: str) -> str:
        parts = source_digest(ModelSource(str(pipeline_folder), lora=lora))
        assert str(file.parent) not in str(parts)
        return digest(parts)

    written(file, kohya("unet", LAYER))
    seen = [found(""), found(str(file)), found(f"{file}@0.5"), found("acme/style")]
    assert found(f"{file}@1.0") == seen[1]
    written(file, kohya("unet", LAYER, alpha=2.0))
    assert len({*seen, found(str(file))}) == 5
