"""timm's models, against timm's own transform and model."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torchvision_operators import torchvision_or_skip

from diffex_cli.classifiers.backends.timm import TimmClassifier
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.registry import CLASSIFIERS, find, parse_spec

torchvision_or_skip()
timm = pytest.importorskip("timm")

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PICTURES = [
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (190, 230, 3), dtype=np.uint8)) for seed in range(3)
]


def classifier(model: object, options: str = "") -> TimmClassifier:
    return TimmClassifier(parse_spec(f"timm:{model}{options}"), device="cpu")


def tiny(classes: int) -> Any:
    import torch

    torch.manual_seed(0)
    return timm.create_model("test_resnet", num_classes=classes).eval()


def timms_own(model: Any, **transform: Any) -> np.ndarray:
    import torch

    prepare = timm.data.create_transform(**{**timm.data.resolve_model_data_config(model), **transform})
    with torch.inference_mode():
        return np.asarray(model(torch.stack([prepare(image) for image in PICTURES])))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("timm")
    config = {"label_names": ["n1", "n2", "n3"], "label_descriptions": {"n1": "crane", "n2": "crane"}}
    timm.models.save_for_hf(tiny(3), folder, model_config=config, safe_serialization=True)
    return folder


def test_the_registry_finds_it() -> None:
    assert find(CLASSIFIERS, "timm") is TimmClassifier


def test_a_folder_scores_as_timm_does(folder: Path) -> None:
    model = classifier(folder)
    assert model.labels == ("crane (0)", "crane (1)", "n3")
    logits = model.logits(PICTURES)
    np.testing.assert_allclose(logits, timms_own(tiny(3)), atol=1e-4)
    assert np.ptp(logits, axis=0).min() > 1e-4
    np.testing.assert_allclose(classifier(folder, ":batch=2").logits(PICTURES), logits, atol=1e-4)


def test_options_override_the_models_preprocessing(folder: Path) -> None:
    changed = classifier(folder, ":size=96,crop=1,mean=0.5,std=0.25,interpolation=bilinear")
    own = timms_own(
        tiny(3), input_size=(3, 96, 96), crop_pct=1.0, mean=(0.5,) * 3, std=(0.25,) * 3, interpolation="bilinear"
    )
    np.testing.assert_allclose(changed.logits(PICTURES), own, atol=1e-4)
    assert changed.fingerprint != classifier(folder).fingerprint


@pytest.mark.parametrize("form", ["safetensors", "state_dict", "checkpoint"])
def test_ones_own_weights_for_an_architecture(tmp_path: Path, form: str) -> None:
    import torch
    from safetensors.torch import save_file

    model = tiny(5)
    file = tmp_path / ("own.safetensors" if form == "safetensors" else "own.pth")
    if form == "safetensors":
        save_file(model.state_dict(), file)
    elif form == "state_dict":
        torch.save(model.state_dict(), file)
    else:
        parallel = {f"module.{name}": value for name, value in model.state_dict().items()}
        torch.save({"epoch": 3, "state_dict": parallel}, file)
    (tmp_path / "labels.txt").write_text("a\nb\nc\nd\ne\n")
    own = classifier("test_resnet", f":weights={file},labels={tmp_path}/labels.txt")
    assert own.labels == ("a", "b", "c", "d", "e")
    np.testing.assert_allclose(own.logits(PICTURES), timms_own(model), atol=1e-4)
    assert classifier("test_resnet", f":weights={file}").labels == ("0", "1", "2", "3", "4")
    assert str(tmp_path) not in str(dict(own.settings))


def test_weights_that_run_code_or_do_not_fit_are_refused(tmp_path: Path) -> None:
    import torch

    file = tmp_path / "whole.pth"
    torch.save(tiny(3), file)
    with pytest.raises(UsageError, match=r"whole\.pth cannot be read .*: save model\.state_dict\(\), not the model"):
        classifier("test_resnet", f":weights={file}").logits(PICTURES)
    torch.save({"epoch": 3}, file)
    with pytest.raises(UsageError, match="holds no state_dict"):
        classifier("test_resnet", f":weights={file}").logits(PICTURES)
    torch.save(tiny(3).state_dict(), file)
    with pytest.raises(UsageError, match="they are not of a test_vit classifier"):
        classifier("test_vit", f":weights={file}").logits(PICTURES)
    weights = {name: value for name, value in tiny(3).state_dict().items() if "layer3" not in name}
    torch.save(weights, file)
    with pytest.raises(UsageError, match=r"do not fit ResNet: .*layer3"):
        classifier("test_resnet", f":weights={file}").logits(PICTURES)


def test_a_cached_hub_model_is_pinned_without_network(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import HfApi, constants

    def unreachable(*args: object, **kwargs: object) -> None:
        raise ConnectionError("no network")

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(HfApi, "model_info", unreachable)
    name = timm.get_pretrained_cfg("test_resnet").hf_hub_id
    repository = tmp_path / f"models--{name.replace('/', '--')}"
    shutil.copytree(folder, repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT, encoding="utf-8")
    model = classifier("test_resnet")
    assert model.settings == {"backend": "timm", "model": name, "revision": "main", "commit": COMMIT}
    assert model.fingerprint == classifier(name).fingerprint
    np.testing.assert_allclose(model.logits(PICTURES), classifier(folder).logits(PICTURES), atol=1e-6)
    with pytest.raises(DiffexError, match=r"no folder 'timm/test_vit.*' here, and the hub cannot be reached"):
        _ = classifier("test_vit").fingerprint


def test_imagenets_names_where_the_model_has_none(tmp_path: Path) -> None:
    timm.models.save_for_hf(tiny(1000), tmp_path, safe_serialization=True)
    labels = classifier(tmp_path).labels
    assert len(labels) == 1000
    assert labels[0].startswith("tench")
    assert (labels[134], labels[517]) == ("crane (134)", "crane (517)")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("timm", "names no model: write timm:NAME"),
        ("timm:./nowhere", "there is no folder nowhere"),
        ("timm:resnet18:weights=none.pth", r"weights must be a file that exists, not 'none\.pth'"),
        ("timm:resnet18:trust=yes", "unknown option 'trust'"),
    ],
)
def test_a_wrong_spec_is_refused_at_once(spec: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TimmClassifier(parse_spec(spec))


def test_what_timm_does_not_know_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"timm has no model 'resnet81' \(did you mean 'resnet"):
        _ = classifier("resnet81").fingerprint
    with pytest.raises(UsageError, match=r"for it: add weights=FILE, or name one of test_resnet\.r160_in1k"):
        _ = classifier("test_resnet.nonsense").fingerprint
    file = folder / "model.safetensors"
    with pytest.raises(UsageError, match="weights=FILE needs the name of an architecture"):
        classifier(folder, f":weights={file}")


def test_a_folder_without_safetensors_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "config.json", tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(UsageError, match=r"has no model\.safetensors: save the model there with timm\.models"):
        classifier(tmp_path)
    assert json.loads((folder / "config.json").read_text())["architecture"] == "test_resnet"


def test_loading_prints_nothing(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    classifier(folder).logits(PICTURES[:1])
    assert capfd.readouterr() == ("", "")


def test_a_missing_package_is_named_with_its_extra(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UsageError, match=r"needs the package timm: pip install 'diffex\[timm\]'"):
        _ = classifier("resnet18").fingerprint


def test_a_training_checkpoint_of_one_channel_and_averaged_weights(tmp_path: Path) -> None:
    """As timm's CheckpointSaver writes it."""
    import argparse

    import torch

    torch.manual_seed(0)
    model = timm.create_model("test_resnet", num_classes=2, in_chans=1).eval()
    stale = {name: torch.zeros_like(value) for name, value in model.state_dict().items()}
    content = {
        "epoch": 7, "arch": "test_resnet", "state_dict": stale, "state_dict_ema": model.state_dict(), "version": 2,
        "args": argparse.Namespace(lr=0.1, data_dir=Path("data")), "metric": np.float64(81.5),
    }  # fmt: skip
    torch.save(content, tmp_path / "last.pth.tar")
    spec = f":weights={tmp_path}/last.pth.tar,mean=0.5,std=0.25,size=96,crop=1,fit=squash,interpolation=bilinear"
    small = [image.resize((96, 96), Image.Resampling.BILINEAR).convert("L") for image in PICTURES]
    pixels = torch.stack([torch.from_numpy(np.asarray(image, dtype=np.float32) / 255)[None] for image in small])
    with torch.inference_mode():
        expected = model((pixels - 0.5) / 0.25).numpy()
    np.testing.assert_allclose(classifier("test_resnet", spec).logits(PICTURES), expected, atol=1e-3)
