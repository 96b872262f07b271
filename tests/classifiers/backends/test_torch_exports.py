"""Exported programs and TorchScript that take other numbers, layouts and batches than most."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from diffex_cli.classifiers.backends.torch import TorchClassifier
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import parse_spec

PICTURES = [
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)) for seed in range(5)
]
MEANS = np.stack([np.asarray(picture, dtype=np.float64).mean(axis=(0, 1)) / 255 for picture in PICTURES])
WEIGHTS = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, -2.0], [-1.0, 1.0, 4.0]], dtype=np.float32)


class Means(torch.nn.Module):
    """Channel means times WEIGHTS, in the type of numbers that it is given; 8-bit ones are scaled first."""

    def __init__(self, axes: tuple[int, int] = (2, 3), channels: int = 3) -> None:
        super().__init__()
        self.axes = axes
        self.weight = torch.nn.Parameter(torch.from_numpy(WEIGHTS[:channels]), requires_grad=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        numbers = pixels.to(self.weight.dtype)
        return (numbers / 255 if pixels.dtype == torch.uint8 else numbers).mean(dim=self.axes) @ self.weight


def classifier(file: Path, options: str = "mean=0,std=1") -> TorchClassifier:
    return TorchClassifier(parse_spec(f"torch:{file}:trust=yes,{options}"), device="cpu")


def program(file: Path, model: torch.nn.Module, example: torch.Tensor, batch: torch.export.Dim | None = None) -> Path:
    shapes = ({0: batch},) if batch is not None else None
    torch.export.save(torch.export.export(model.eval(), (example,), dynamic_shapes=shapes), file)
    return file


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.uint8])
def test_a_program_gets_the_numbers_that_it_was_exported_for(tmp_path: Path, dtype: torch.dtype) -> None:
    model = Means() if dtype == torch.uint8 else Means().to(dtype)
    file = program(tmp_path / "a.pt2", model, torch.zeros(2, 3, 8, 8, dtype=dtype))
    rough = {torch.float16: 2e-2, torch.bfloat16: 1e-1}.get(dtype, 1e-5)
    np.testing.assert_allclose(classifier(file).logits(PICTURES), MEANS @ WEIGHTS, atol=rough)


def test_a_script_gets_the_numbers_of_its_weights(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Means().to(torch.float16).eval()
        torch.jit.save(torch.jit.trace(model, torch.zeros(2, 3, 8, 8, dtype=torch.float16)), tmp_path / "a.pt")
    found = classifier(tmp_path / "a.pt", "mean=0,std=1,size=8").logits(PICTURES)
    np.testing.assert_allclose(found, MEANS @ WEIGHTS, atol=2e-2)


def test_channels_may_be_last_or_one(tmp_path: Path) -> None:
    last = program(tmp_path / "last.pt2", Means((1, 2)), torch.zeros(1, 8, 8, 3))
    np.testing.assert_allclose(classifier(last).logits(PICTURES), MEANS @ WEIGHTS, atol=1e-5)
    one = program(tmp_path / "one.pt2", Means(channels=1), torch.zeros(1, 1, 8, 8))
    grey = np.array([[np.asarray(picture.convert("L"), dtype=np.float64).mean() / 255] for picture in PICTURES])
    np.testing.assert_allclose(classifier(one).logits(PICTURES), grey @ WEIGHTS[:1], atol=1e-5)
    with pytest.raises(UsageError, match=r"takes pictures of 1 channel\(s\), and channels=bgr is 3"):
        classifier(one, "mean=0,std=1,channels=bgr").logits(PICTURES)


@pytest.mark.parametrize(("least", "most", "batch"), [(1, 4, 4), (2, 8, 8), (3, 64, 32), (1, None, 32), (2, None, 32)])
def test_a_batch_stays_within_what_the_program_allows(tmp_path: Path, least: int, most: int | None, batch: int) -> None:
    limits = {"min": least} if most is None else {"min": least, "max": most}
    file = program(tmp_path / "a.pt2", Means(), torch.zeros(3, 3, 8, 8), torch.export.Dim("n", **limits))
    model = classifier(file)
    assert model.batch == batch
    np.testing.assert_allclose(model.logits(PICTURES), MEANS @ WEIGHTS, atol=1e-5)
    np.testing.assert_allclose(model.logits(PICTURES[:1]), MEANS[:1] @ WEIGHTS, atol=1e-5)
