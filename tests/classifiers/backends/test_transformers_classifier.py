"""Classifiers in Hugging Face's format: folders, and the hub as far as the local cache shows it."""

import json
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffex_cli.birds import classifier as birds_classifier
from diffex_cli.birds.classifier import open_birds
from diffex_cli.classifiers.backends.transformers import TransformersClassifier
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.registry import CLASSIFIERS, find, parse_spec

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def picture(seed: int, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def classifier(model: object, options: str = "") -> TransformersClassifier:
    return TransformersClassifier(parse_spec(f"transformers:{model}{options}"), device="cpu")


@pytest.fixture
def copy(efficientnet: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(efficientnet, tmp_path / "my-model"))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub, and no hub."""
    from huggingface_hub import HfApi, constants

    def unreachable(*args: object, **kwargs: object) -> None:
        raise ConnectionError("no network")

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(HfApi, "model_info", unreachable)
    return tmp_path / "cache"


def test_the_registry_finds_both() -> None:
    assert find(CLASSIFIERS, "transformers") is TransformersClassifier
    assert find(CLASSIFIERS, "birds") is open_birds


def test_a_folder_scores_as_transformers_does(efficientnet: Path) -> None:
    import torch
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    pictures = [picture(seed) for seed in range(3)]
    model = AutoModelForImageClassification.from_pretrained(efficientnet).eval()
    processor = AutoImageProcessor.from_pretrained(efficientnet, backend="pil")
    with torch.inference_mode():
        expected = model(**processor(images=pictures, return_tensors="pt")).logits.numpy()
    logits = classifier(efficientnet).logits(pictures)
    assert logits.dtype == np.float64
    np.testing.assert_allclose(logits, expected, rtol=1e-4)
    assert np.ptp(logits, axis=0).min() > 0.01


def test_batches_and_modes_do_not_matter(efficientnet: Path) -> None:
    pictures = [picture(seed) for seed in range(5)]
    whole = classifier(efficientnet).logits(pictures)
    np.testing.assert_allclose(classifier(efficientnet, ":batch=2").logits(pictures), whole, rtol=1e-4)
    grey = classifier(efficientnet).logits([picture(1, "L")])
    np.testing.assert_array_equal(classifier(efficientnet).logits([picture(1, "L").convert("RGB")]), grey)
    assert classifier(efficientnet).logits([]).shape == (0, 4)


def test_labels_are_unique_and_in_order(efficientnet: Path, vit: Path) -> None:
    assert classifier(efficientnet).labels == ("finch", "crane (1)", "crane (2)", "owl")
    assert classifier(vit).labels == ("LABEL_0", "LABEL_1")


def test_another_architecture(vit: Path) -> None:
    assert classifier(vit).logits([picture(0), picture(1)]).shape == (2, 2)


def test_loading_prints_nothing(efficientnet: Path, capfd: pytest.CaptureFixture[str]) -> None:
    classifier(efficientnet).logits([picture(0)])
    assert capfd.readouterr() == ("", "")


def test_the_fingerprint_is_of_the_files(copy: Path, efficientnet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fingerprint", "settings"):
        assert getattr(classifier(copy), name)
    first = classifier(copy).fingerprint
    assert classifier(efficientnet, ":batch=3").fingerprint == first
    monkeypatch.chdir(copy.parent)
    assert classifier("my-model").fingerprint == first
    assert classifier("my-model").settings["model"] == "my-model"
    (copy / "README.md").write_text("x", encoding="utf-8")
    assert classifier(copy).fingerprint == first
    settings = json.loads((copy / "preprocessor_config.json").read_text())
    (copy / "preprocessor_config.json").write_text(json.dumps({**settings, "do_normalize": False}))
    assert classifier(copy).fingerprint != first
    assert str(copy.parent) not in str(dict(classifier(copy).settings))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("transformers", "names no model"),
        ("transformers:./nowhere", "there is no folder nowhere"),
        ("transformers:a/b/c", "there is no folder a/b/c"),
        ("transformers:a/b:batch=0", "batch must be a whole number of at least 1, not '0'"),
        ("transformers:a/b:batch=x", "batch must be a whole number"),
        ("transformers:a/b:bach=2", r"unknown option 'bach' \(did you mean 'batch'\?\)"),
    ],
)
def test_a_wrong_spec_is_refused_at_once(spec: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TransformersClassifier(parse_spec(spec))


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json", "model.safetensors"])
def test_an_incomplete_folder_is_refused_at_once(copy: Path, name: str) -> None:
    (copy / name).unlink()
    (copy / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(UsageError, match=rf"my-model has no .*{Path(name).suffix}.*save_pretrained"):
        classifier(copy)


def test_a_revision_of_a_folder_is_refused(efficientnet: Path) -> None:
    with pytest.raises(UsageError, match="a local folder has no revision"):
        classifier(efficientnet, ":revision=main")


def test_a_checkpoint_without_a_trained_head_is_refused(copy: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(copy / "model.safetensors")
    kept = {name: value for name, value in weights.items() if not name.startswith("classifier")}
    save_file(kept, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        DiffexError, match=r"no usable weights for classifier\.bias, classifier\.weight: .*not a trained"
    ):
        classifier(copy).logits([picture(0)])


def test_a_broken_file_is_refused_in_one_sentence(copy: Path) -> None:
    (copy / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(UsageError, match=r"cannot load the classifier transformers:.*my-model") as caught:
        classifier(copy).logits([picture(0)])
    assert "\n" not in str(caught.value)


def test_a_model_that_wants_to_run_its_own_code_is_refused(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    config |= {
        "model_type": "evil",
        "auto_map": {"AutoModelForImageClassification": "evil.Evil", "AutoConfig": "evil.C"},
    }
    (copy / "config.json").write_text(json.dumps(config))
    (copy / "evil.py").write_text("raise SystemExit('ran')")
    with pytest.raises(UsageError, match="cannot load the classifier"):
        classifier(copy).logits([picture(0)])


def test_scores_that_are_not_finite_are_a_row_of_nan(copy: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(copy / "model.safetensors")
    weights["classifier.bias"][0] = float("nan")
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    assert np.isnan(classifier(copy).logits([picture(0)])).all()


def test_an_unknown_device_is_refused(efficientnet: Path) -> None:
    model = TransformersClassifier(parse_spec(f"transformers:{efficientnet}"), device="toaster")
    with pytest.raises(UsageError, match="--device toaster is not available here"):
        model.logits([picture(0)])


def test_a_cached_hub_model_is_pinned_to_its_commit_without_network(efficientnet: Path, cache: Path) -> None:
    repository = cache / "models--acme--birds"
    shutil.copytree(efficientnet, repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT, encoding="utf-8")
    model = classifier("acme/birds")
    assert model.settings == {"backend": "transformers", "model": "acme/birds", "revision": "main", "commit": COMMIT}
    assert model.fingerprint == classifier("acme/birds", f":revision={COMMIT}").fingerprint
    pictures = [picture(0)]
    np.testing.assert_array_equal(model.logits(pictures), classifier(efficientnet).logits(pictures))


def test_an_unreachable_hub_is_one_clear_sentence(cache: Path) -> None:
    with pytest.raises(DiffexError, match=r"no folder 'acme/birds' here, and the hub cannot be reached .*local folder"):
        _ = classifier("acme/birds").fingerprint
    with pytest.raises(UsageError, match="it is not a hub id"):
        _ = classifier("a--b").fingerprint


def test_birds_opens_the_packaged_folder(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(birds_classifier, "packaged", lambda name: copy.parent / name)
    copy.rename(copy.parent / "species")
    model = open_birds(parse_spec("birds:species:batch=4"), device="cpu")
    assert model.settings["model"] == "species"
    assert model.logits([picture(0)]).shape == (1, 4)
    with pytest.raises(UsageError, match="the model is not installed"):
        open_birds(parse_spec("birds:null"))
    with pytest.raises(UsageError, match=r"no birds classifier 'specis' \(did you mean 'species'\?\)"):
        open_birds(parse_spec("birds:specis"))


def test_constructing_one_imports_no_torch(efficientnet: Path) -> None:
    import subprocess

    code = (
        "import sys; from diffex_cli.core.registry import parse_spec;"
        "from diffex_cli.classifiers.backends.transformers import TransformersClassifier;"
        f"TransformersClassifier(parse_spec('transformers:{efficientnet}')).fingerprint;"
        "assert not {'torch', 'transformers', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_ids_that_do_not_begin_with_0_are_refused(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    config["id2label"] = {str(int(index) + 1): name for index, name in config["id2label"].items()}
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(UsageError, match=r"id2label in its config\.json\) must be numbered 0, 1, … .*, not 1, 2, 3, …"):
        _ = classifier(copy).labels


@pytest.mark.parametrize("kind", ["ViTImageProcessor", "BitImageProcessor"])
def test_a_network_of_one_channel_sees_grey(tmp_path: Path, kind: str) -> None:
    import torch
    from transformers import ViTConfig, ViTForImageClassification

    torch.manual_seed(3)
    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=16, num_labels=2,
        num_channels=1, patch_size=4,
    )  # fmt: skip
    model = ViTForImageClassification(config).eval()
    model.save_pretrained(tmp_path)
    settings = {
        "image_processor_type": kind, "size": {"height": 16, "width": 16}, "image_mean": [0.5], "image_std": [0.25],
        "do_convert_rgb": True, "do_center_crop": False,
    }  # fmt: skip
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(settings))
    pictures = [picture(seed).resize((16, 16)) for seed in range(2)]
    grey = np.stack([np.asarray(one.convert("L"), dtype=np.float32)[None] / 255 for one in pictures])
    with torch.inference_mode():
        expected = model(torch.from_numpy((grey - 0.5) / 0.25)).logits.numpy()
    np.testing.assert_allclose(classifier(tmp_path).logits(pictures), expected, atol=1e-5)


@pytest.fixture
def adapted(vit: Path, tmp_path: Path) -> Path:
    """A model with an adapter beside it, as peft saves one."""
    peft = pytest.importorskip("peft")
    import torch
    from transformers import AutoModelForImageClassification

    folder = Path(shutil.copytree(vit, tmp_path / "adapted"))
    torch.manual_seed(4)
    settings = peft.LoraConfig(r=2, lora_alpha=8, target_modules=["q_proj", "v_proj", "query", "value"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft's use of transformers
        wrapped = peft.get_peft_model(AutoModelForImageClassification.from_pretrained(folder), settings)
    for name, parameter in wrapped.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter)
    wrapped.save_pretrained(folder)
    return folder


def test_an_adapter_beside_the_model_counts(adapted: Path, vit: Path) -> None:
    pictures = [picture(seed) for seed in range(2)]
    first = classifier(adapted)
    assert first.fingerprint != classifier(vit).fingerprint
    before = first.logits(pictures)
    assert np.abs(before - classifier(vit).logits(pictures)).max() > 1e-3
    settings = json.loads((adapted / "adapter_config.json").read_text())
    (adapted / "adapter_config.json").write_text(json.dumps({**settings, "lora_alpha": 32}))
    stronger = classifier(adapted)
    assert np.abs(stronger.logits(pictures) - before).max() > 1e-3
    assert stronger.fingerprint != first.fingerprint


def test_an_adapter_that_would_be_left_out_is_refused(adapted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "peft" else found(name, *rest))
    with pytest.raises(UsageError, match=r"has an adapter beside the model.*pip install 'diffex\[lora\]', or merge it"):
        classifier(adapted)
    monkeypatch.undo()
    (adapted / "adapter_model.safetensors").unlink()
    with pytest.raises(UsageError, match=r"has an adapter, but no adapter_model\.safetensors"):
        classifier(adapted)
    (adapted / "config.json").unlink()
    with pytest.raises(UsageError, match="has an adapter without its model: merge it into the model"):
        classifier(adapted)
