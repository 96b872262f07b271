import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from diffex_cli.birds.samples import pictures
from diffex_cli.classifiers.perception import PACKAGED, Perception, distance, open_perception, unit_channels
from diffex_cli.core.configuration import resolve
from diffex_cli.core.errors import UsageError

SIZE = 16


def picture(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (20, 24, 3), dtype=np.uint8))


def save(model: Any, folder: Path, processor: str = "ViTImageProcessor") -> Path:
    model.save_pretrained(folder)
    settings = {"image_processor_type": processor, "size": {"height": SIZE, "width": SIZE}}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    return folder


def vit(head: bool) -> Any:
    from transformers import ViTConfig, ViTForImageClassification, ViTModel

    config = ViTConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, image_size=SIZE, patch_size=4
    )
    return ViTForImageClassification(config) if head else ViTModel(config, add_pooling_layer=False)


def resnet() -> Any:
    from transformers import ResNetConfig, ResNetModel

    return ResNetModel(ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic"))


def clip() -> Any:
    from transformers import CLIPConfig, CLIPModel

    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {**small, "vocab_size": 20, "max_position_embeddings": 8}
    return CLIPModel(CLIPConfig(text_config=text, vision_config={**small, "image_size": SIZE, "patch_size": 4}))


@pytest.fixture(autouse=True)
def quiet() -> None:
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.manual_seed(0)


def test_the_distance_by_hand() -> None:
    before = torch.tensor([[[3.0, 1.0]], [[0.0, 1.0]]])  # 2 channels, 1 x 2 positions
    after = torch.tensor([[[0.0, 2.0]], [[7.0, 2.0]]])
    maps = unit_channels(before), unit_channels(after)
    assert maps[0].shape == (2, 2)
    # the first position turned by a right angle, the second only grew
    assert distance(maps[:1], maps[1:]) == pytest.approx((2 + 0) / 2)
    tokens = torch.tensor([[1.0, 0.0, 0.0]])
    assert distance([unit_channels(tokens)], [unit_channels(-5 * tokens)]) == pytest.approx(4)
    both = [maps[0], unit_channels(tokens)], [maps[1], unit_channels(-tokens)]
    assert distance(*both) == pytest.approx((1 + 4) / 2)


def test_maps_and_tokens_are_treated_alike() -> None:
    state = torch.randn(5, 3, 4)
    torch.testing.assert_close(unit_channels(state), unit_channels(state.flatten(1).T))
    torch.testing.assert_close(unit_channels(state).norm(dim=1), torch.ones(12))
    assert unit_channels(torch.zeros(5, 3, 4)).isfinite().all()


def test_the_packaged_network_sees_as_transformers_does() -> None:
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    one, other = list(pictures().values())[:2]
    processor = AutoImageProcessor.from_pretrained(PACKAGED["birds"], backend="pil")
    model = AutoModelForImageClassification.from_pretrained(PACKAGED["birds"], dtype=torch.float32).eval()
    with torch.inference_mode():
        pixels = processor(images=[one, other], return_tensors="pt")
        states = [state.double().numpy() for state in model(**pixels, output_hidden_states=True).hidden_states]
    layers = []
    for state in states:
        unit = state / np.linalg.norm(state, axis=1, keepdims=True)
        layers.append(((unit[0] - unit[1]) ** 2).sum(axis=0).mean())
    network = Perception("birds", "cpu")
    assert network.distance(one, other) == pytest.approx(np.mean(layers), rel=1e-4)
    assert network.distance(other, one) == pytest.approx(np.mean(layers), rel=1e-4)


def test_the_packaged_network_orders_what_people_would() -> None:
    bird = next(iter(pictures().values()))
    network = Perception("birds", "cpu")
    brighter = bird.point(lambda value: value + 3)
    changes = [
        bird,
        brighter,
        *(bird.filter(ImageFilter.GaussianBlur(radius)) for radius in (1, 2, 4)),
    ]
    distances = [network.distance(bird, change, key="bird") for change in changes]
    assert distances[0] == pytest.approx(0, abs=1e-6)
    assert distances == sorted(distances)
    assert distances[-1] > 10 * distances[1]


def test_a_key_names_the_first_picture() -> None:
    network = Perception("birds", "cpu")
    first, *others = list(pictures().values())[:7]
    plain = [network.distance(first, other) for other in others]
    assert [network.distance(first, other, key="first") for other in others] == pytest.approx(plain)
    crossed = [network.distance(other, first, key=str(i)) for i, other in enumerate(others)]
    assert crossed == pytest.approx(plain)


@pytest.mark.parametrize("model", [lambda: vit(head=True), lambda: vit(head=False), resnet, clip])
def test_networks_of_other_families(model: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made = model()
    capfd.readouterr()
    network = Perception(str(save(made, tmp_path)), "cpu")
    network.load()
    assert capfd.readouterr().err == ""
    assert 0.001 < network.distance(picture(0), picture(1)) <= 4
    assert network.distance(picture(0), picture(0)) == pytest.approx(0, abs=1e-6)
    maps = network.features(picture(0))
    assert len(maps) == 3
    assert all(one.ndim == 2 for one in maps)


def test_what_is_recorded_names_the_files_and_no_path(tmp_path: Path) -> None:
    one = Perception(str(save(resnet(), tmp_path / "one")))
    other = Perception(str(shutil.copytree(tmp_path / "one", tmp_path / "other")))
    assert one.settings["model"] == "one"
    assert one.settings["files"] == other.settings["files"]
    assert str(tmp_path) not in json.dumps(one.settings)


def test_no_network() -> None:
    assert open_perception("none") is None
    assert isinstance(open_perception("birds"), Perception)


def test_the_birds_domain_brings_its_own(tmp_path: Path) -> None:
    run = tmp_path / "run"
    settings = resolve({"run": run}, {})
    assert (settings.perceptual, settings.origins["perceptual"]) == ("birds", "domain birds")
    assert resolve({"run": run, "perceptual": "none"}, {"DIFFEX_PERCEPTUAL": "x"}).perceptual == "none"
    assert resolve({"run": run}, {"DIFFEX_PERCEPTUAL": "x"}).perceptual == "x"
    assert resolve({"run": run, "domain": "shapes"}, {}).perceptual == "none"


def refusal(name: object) -> str:
    with pytest.raises(UsageError) as caught:
        Perception(str(name), "cpu").load()
    text = str(caught.value)
    assert text.endswith("give another --perceptual, or --perceptual none")
    assert "\n" not in text
    return text


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    assert "there is no folder" in refusal(tmp_path / "nowhere")


def test_weights_are_read_from_safetensors_only(tmp_path: Path) -> None:
    folder = save(resnet(), tmp_path)
    torch.save(resnet().state_dict(), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert "safetensors" in refusal(folder)


def test_weights_that_are_not_there(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = save(resnet(), tmp_path)
    weights = load_file(folder / "model.safetensors")
    del weights["embedder.embedder.convolution.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert "no usable weights for embedder.embedder.convolution.weight" in refusal(folder)


def test_a_model_that_sees_no_pictures(tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    model = BertModel(
        BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, vocab_size=9)
    )
    assert str(tmp_path) in refusal(save(model, tmp_path))


def test_a_hub_that_cannot_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import HfApi, constants

    def unreachable(*args: object, **kwargs: object) -> None:
        raise ConnectionError("no network")

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(HfApi, "model_info", unreachable)
    assert "the hub cannot be reached" in refusal("facebook/dinov2-small")
