"""Checkpoints as training scripts leave them."""

import argparse
import collections
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from diffex_cli.artifacts.keys import file_digest
from diffex_cli.classifiers.backends.state_dict import channels_in, model_of_weights, read_state_dict
from diffex_cli.core.errors import UsageError


class Net(torch.nn.Module):
    def __init__(self, classes: int = 3, channels: int = 3) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(channels, 4, 3)
        self.norm = torch.nn.BatchNorm2d(4)
        self.fc = torch.nn.Linear(4, classes)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.fc(self.norm(self.conv(pixels)).relu().mean(dim=(2, 3)))
        return logits


PIXELS = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def trained(classes: int = 5) -> Net:
    torch.manual_seed(1)
    net = Net(classes)
    for _ in range(3):  # so that the statistics of the norm count
        net(PIXELS)
    return net.eval()


def loaded(file: Path, head: str = "fc") -> Net:
    net: Net = model_of_weights(file, "net", head, lambda classes, weights: Net(classes, channels_in(Net(), weights)))
    return net.eval()


def saved(folder: Path, content: Any) -> Path:
    torch.save(content, folder / "a.pth")
    return folder / "a.pth"


def prefixed(prefix: str, **others: torch.Tensor) -> dict[str, torch.Tensor]:
    return {**{f"{prefix}{key}": value for key, value in trained().state_dict().items()}, **others}


HEAD = {"weight": trained().fc.weight.detach(), "bias": trained().fc.bias.detach()}
WITHOUT_HEAD = {key: value for key, value in trained().state_dict().items() if not key.startswith("fc")}

FORMS: dict[str, Callable[[], Any]] = {
    "plain": lambda: trained().state_dict(),
    "parallel": lambda: prefixed("module."),
    "compiled": lambda: {"model": prefixed("_orig_mod.")},
    "compiled and parallel": lambda: {"net": prefixed("module._orig_mod.")},
    "torchvision": lambda: {
        "model": {}, "model_ema": prefixed("module.", n_averaged=torch.tensor(3)), "epoch": 1,
        "args": argparse.Namespace(data_path="/data", lr=0.1, output=Path("out")),
    },
    "timm": lambda: {
        "epoch": 3, "arch": "net", "state_dict": trained().state_dict(), "metric": np.float64(0.9),
        "args": argparse.Namespace(lr=np.float32(0.1), seed=np.int64(42)), "version": 2,
    },
    "model_state_dict": lambda: {"model_state_dict": trained().state_dict(), "loss": np.float32(0.1)},
    "lightning": lambda: {
        "state_dict": prefixed("model.", **{"criterion.weight": torch.ones(5)}),
        "hyper_parameters": {"lr": 0.1}, "pytorch-lightning_version": "2.5", "loops": collections.defaultdict(dict),
        "callbacks": {"ModelCheckpoint": {"best_model_path": Path("best.ckpt"), "best_model_score": torch.tensor(0.9)}},
    },
    "wrapped twice": lambda: {"state_dict": prefixed("net.backbone.")},
    "before counters": lambda: {k: v for k, v in trained().state_dict().items() if "num_batches" not in k},
    "a head with dropout": lambda: {**WITHOUT_HEAD, "fc.1.weight": HEAD["weight"], "fc.1.bias": HEAD["bias"]},
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_scores_as_the_model_that_was_saved(tmp_path: Path, form: str) -> None:
    net = loaded(saved(tmp_path, FORMS[form]()))
    with torch.inference_mode():
        torch.testing.assert_close(net(PIXELS), trained()(PIXELS))


def test_a_layer_where_the_architecture_has_a_sequence(tmp_path: Path) -> None:
    """torchvision's EfficientNets have the head classifier.1; people replace classifier."""

    class Sequence(Net):
        def __init__(self, classes: int) -> None:
            super().__init__(classes)
            self.classifier = torch.nn.Sequential(torch.nn.Dropout(), self.fc)
            del self.fc

    own = {**WITHOUT_HEAD, "classifier.weight": HEAD["weight"], "classifier.bias": HEAD["bias"]}
    net = model_of_weights(saved(tmp_path, own), "net", "classifier.1", lambda classes, weights: Sequence(classes))
    torch.testing.assert_close(net.classifier[1].weight.detach(), HEAD["weight"])


def test_one_channel_is_seen_in_the_weights(tmp_path: Path) -> None:
    torch.manual_seed(2)
    one = Net(2, channels=1)
    net = loaded(saved(tmp_path, one.state_dict()))
    assert channels_in(net, net.state_dict()) == 1
    assert channels_in(trained(), trained().state_dict()) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"epoch": 3}, "holds no state_dict"),
        (trained(), r"cannot be read \(it holds a [\w.]+Net\): .* save model\.state_dict\(\), not the model"),
        (WITHOUT_HEAD, r"have no fc\.weight: they are not of a net classifier"),
        ({**prefixed("student."), **prefixed("teacher.")}, r"are of several models \(student\.fc\.weight, teacher\.fc"),
        (
            {**WITHOUT_HEAD, "fc.0.weight": torch.ones(8, 4), "fc.2.weight": torch.ones(5, 8)},
            r"are of several layers in the place of fc \(fc\.0\.weight, fc\.2\.weight\): .* or export it",
        ),
        ({**trained().state_dict(), "more": torch.ones(1)}, "do not fit Net: .*more"),
        ({**HEAD, "fc.weight": HEAD["weight"], "fc.bias": HEAD["bias"]}, "do not fit Net: .*conv"),
    ],
)
def test_what_is_not_the_models_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        loaded(saved(tmp_path, content))
    assert "\n" not in str(caught.value)


def test_a_pointer_of_git_lfs_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.pth").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n")
    for read in (file_digest, read_state_dict):
        with pytest.raises(UsageError, match=r"a\.pth is a Git LFS pointer, not the file itself: run git lfs pull"):
            read(tmp_path / "a.pth")
