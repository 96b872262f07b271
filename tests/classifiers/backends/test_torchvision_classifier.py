"""torchvision's models, against torchvision's own transforms and models."""

import shutil
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torchvision_operators import torchvision_or_skip

from diffex_cli.classifiers.backends.torchvision import TorchvisionClassifier
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.registry import CLASSIFIERS, find, parse_spec

torchvision_or_skip()

NAME = "squeezenet1_1"
PICTURES = [
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (190, 230, 3), dtype=np.uint8)) for seed in range(3)
]


def classifier(model: str, options: str = "") -> TorchvisionClassifier:
    return TorchvisionClassifier(parse_spec(f"torchvision:{model}{options}"), device="cpu")


def tiny(classes: int, name: str = NAME) -> Any:
    import torch
    from torchvision.models import get_model

    torch.manual_seed(0)
    return get_model(name, weights=None, num_classes=classes).eval()


def torchvisions_own(model: Any) -> np.ndarray:
    import torch
    from torchvision.models import SqueezeNet1_1_Weights

    prepare = SqueezeNet1_1_Weights.DEFAULT.transforms()
    with torch.inference_mode():
        return np.asarray(model(torch.stack([prepare(image) for image in PICTURES])))


def test_the_registry_finds_it() -> None:
    assert find(CLASSIFIERS, "torchvision") is TorchvisionClassifier


def test_ones_own_weights_score_as_torchvision_does(tmp_path: Path) -> None:
    import torch

    torch.save(tiny(4).state_dict(), tmp_path / "own.pth")
    model = classifier(NAME, f":weights={tmp_path}/own.pth,batch=2")
    assert model.labels == ("0", "1", "2", "3")
    np.testing.assert_allclose(model.logits(PICTURES), torchvisions_own(tiny(4)), atol=1e-4)
    assert classifier(NAME, f":weights={tmp_path}/own.pth,fit=squash").fingerprint != model.fingerprint
    moved = shutil.move(tmp_path / "own.pth", tmp_path / "moved.pth")
    assert classifier(NAME, f":weights={moved}").fingerprint == model.fingerprint
    assert str(tmp_path) not in str(dict(model.settings))


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "mnasnet0_5"])
def test_the_number_of_classes_is_seen_in_the_weights(name: str, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file(tiny(3, name).state_dict(), tmp_path / "own.safetensors")
    (tmp_path / "labels.txt").write_text("a\nb\nc\n")
    model = classifier(name, f":weights={tmp_path}/own.safetensors,labels={tmp_path}/labels.txt,size=32,crop=1")
    assert model.logits(PICTURES).shape == (3, 3)


def test_pretrained_weights_come_from_torchs_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache holds random weights under the name that torchvision's entry has."""
    import torch
    from torchvision.models import SqueezeNet1_1_Weights

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    weights = SqueezeNet1_1_Weights.IMAGENET1K_V1
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    torch.save(tiny(1000).state_dict(), folder / weights.url.rsplit("/", 1)[-1])
    model = classifier(NAME)
    assert model.labels[:2] == ("tench", "goldfish")
    np.testing.assert_allclose(model.logits(PICTURES), torchvisions_own(tiny(1000)), atol=1e-4)
    assert model.settings["weights"] == "squeezenet1_1-b8a52dc0.pth"
    assert model.fingerprint == classifier(NAME, ":weights=IMAGENET1K_V1").fingerprint


def test_a_cached_pickle_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from torchvision.models import SqueezeNet1_1_Weights

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    torch.save(tiny(1000), folder / SqueezeNet1_1_Weights.DEFAULT.url.rsplit("/", 1)[-1])
    with pytest.raises(UsageError, match=r"squeezenet1_1-b8a52dc0\.pth in torch's cache hold more than weights"):
        classifier(NAME).logits(PICTURES)


def test_weights_that_cannot_be_had_are_one_clear_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import urllib.error

    import torch

    def unreachable(*args: object, **kwargs: object) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", unreachable)
    with pytest.raises(DiffexError, match=r"not in torch's cache and cannot be downloaded .*: connect to the network"):
        classifier(NAME).logits(PICTURES)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("torchvision", "names no model: write torchvision:NAME"),
        ("torchvision:resnet18:weights=./none.pth", r"there is no file none\.pth"),
        ("torchvision:resnet18:weights=none.pth", r"there is no file none\.pth"),
        ("torchvision:resnet18:revision=main", "unknown option 'revision'"),
    ],
)
def test_a_wrong_spec_is_refused_at_once(spec: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TorchvisionClassifier(parse_spec(spec))


def test_what_torchvision_does_not_know_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no classification model 'resnet81' \(did you mean 'resnet"):
        _ = classifier("resnet81").fingerprint
    with pytest.raises(UsageError, match="no classification model 'fasterrcnn_resnet50_fpn'"):
        _ = classifier("fasterrcnn_resnet50_fpn").fingerprint
    with pytest.raises(UsageError, match=r"there are no weights 'IMAGENET1K_V3' \(did you mean 'IMAGENET1K_V1'"):
        _ = classifier("resnet18", ":weights=IMAGENET1K_V3").fingerprint


def test_a_torchvision_that_does_not_fit_torch_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(types.ModuleType):
        def find_spec(self, name: str, *args: object) -> None:
            if name == "torchvision.models":
                raise RuntimeError("operator torchvision::nms does not exist")

    for name in [name for name in sys.modules if name.startswith("torchvision.models")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Broken("broken"), *sys.meta_path])
    with pytest.raises(UsageError, match=r"cannot be imported \(operator .*\): install torch and torchvision together"):
        _ = classifier("resnet18").fingerprint


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "vit_b_16"])
def test_weights_of_one_channel_make_a_network_of_one_channel(name: str, tmp_path: Path) -> None:
    import torch

    torch.manual_seed(0)
    model = tiny(3, name)
    part, first = next((part, one) for part, one in model.named_modules() if isinstance(one, torch.nn.Conv2d))
    how = (first.out_channels, first.kernel_size, first.stride, first.padding)
    one = torch.nn.Conv2d(1, *how, bias=first.bias is not None)
    parent, _, child = part.rpartition(".")
    setattr(model.get_submodule(parent), child, one)
    torch.save({"model": model.eval().state_dict()}, tmp_path / "own.pth")
    found = classifier(name, f":weights={tmp_path}/own.pth,mean=0.5,std=0.25,size=224,crop=1,fit=squash")
    grey = [image.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR).convert("L") for image in PICTURES]
    pixels = torch.stack([torch.from_numpy(np.asarray(image, dtype=np.float32) / 255)[None] for image in grey])
    with torch.inference_mode():
        np.testing.assert_allclose(found.logits(PICTURES), model((pixels - 0.5) / 0.25).numpy(), atol=1e-3)


@pytest.mark.parametrize(("name", "auxiliary"), [("googlenet", False), ("googlenet", True), ("inception_v3", False)])
def test_inceptions_with_and_without_auxiliary_heads(name: str, auxiliary: bool, tmp_path: Path) -> None:
    import torch

    torch.manual_seed(0)
    how = {"init_weights": False, "transform_input": True}
    from torchvision.models import get_model

    model = get_model(name, weights=None, num_classes=3, aux_logits=auxiliary, **how).eval()
    torch.save(model.state_dict(), tmp_path / "own.pth")
    found = classifier(name, f":weights={tmp_path}/own.pth,mean=0.5,std=0.25,size=299,crop=1,fit=squash")
    small = [image.convert("RGB").resize((299, 299), Image.Resampling.BILINEAR) for image in PICTURES]
    pixels = torch.from_numpy(
        np.stack([np.asarray(image, dtype=np.float32) / 255 for image in small]).transpose(0, 3, 1, 2)
    )
    with torch.inference_mode():
        expected = model((pixels - 0.5) / 0.25).numpy()
    np.testing.assert_allclose(found.logits(PICTURES), expected, atol=1e-3, rtol=1e-3)
