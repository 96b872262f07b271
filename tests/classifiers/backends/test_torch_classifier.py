"""Networks that carry their code: exported programs and TorchScript."""

import os
import pickle
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from diffex_cli.classifiers.backends.torch import TorchClassifier
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.registry import CLASSIFIERS, find, parse_spec

TRUSTED = "trust=yes,mean=0.5,std=0.25"
PICTURES = [
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (20, 30, 3), dtype=np.uint8)) for seed in range(5)
]


class Tiny(torch.nn.Module):
    """Dropout shows whether it is in evaluation mode."""

    def __init__(self, form: str = "tensor") -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = torch.nn.Conv2d(3, 4, 3)
        self.drop = torch.nn.Dropout(0.5)
        self.head = torch.nn.Linear(4, 3)
        self.form = form

    def forward(self, pixels: torch.Tensor) -> Any:
        logits = self.head(self.drop(self.conv(pixels).relu().mean(dim=(2, 3))))
        if self.form == "tensor":
            return logits
        return {"other": logits * 0, "logits": logits} if self.form == "mapping" else (logits, logits * 2)


def program(file: Path, model: torch.nn.Module, batch: int | None = None) -> Path:
    free = None if batch else ({0: torch.export.Dim("n", min=1, max=64)},)
    exported = torch.export.export(model.eval(), (torch.zeros(batch or 2, 3, 8, 8),), dynamic_shapes=free)
    torch.export.save(exported, file)
    return file


def script(file: Path, model: torch.nn.Module) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(model.eval(), torch.zeros(2, 3, 8, 8), strict=False), file)
    return file


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return program(tmp_path_factory.mktemp("pt2") / "tiny.pt2", Tiny())


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return script(tmp_path_factory.mktemp("jit") / "tiny.pt", Tiny())


def classifier(file: Path, options: str = TRUSTED) -> TorchClassifier:
    return TorchClassifier(parse_spec(f"torch:{file}:{options}"), device="cpu")


def expected() -> np.ndarray:
    small = [np.asarray(image.resize((8, 8), Image.Resampling.BILINEAR), dtype=np.float32) for image in PICTURES]
    pixels = torch.from_numpy((np.stack(small).transpose(0, 3, 1, 2) / 255 - 0.5) / 0.25)
    with torch.inference_mode():
        return np.asarray(Tiny().eval()(pixels))


def test_the_registry_finds_it() -> None:
    assert find(CLASSIFIERS, "torch") is TorchClassifier


def test_an_exported_program_scores_as_its_model_does(exported: Path) -> None:
    model = classifier(exported)
    assert model.labels == ("0", "1", "2")
    logits = model.logits(PICTURES)
    np.testing.assert_allclose(logits, expected(), atol=1e-5)
    assert np.ptp(logits, axis=0).min() > 1e-3
    assert model.settings["format"] == "exported program"
    assert model.logits([]).shape == (0, 3)


def test_torchscript_scores_as_its_model_does(scripted: Path) -> None:
    model = classifier(scripted, f"{TRUSTED},size=8,batch=2")
    np.testing.assert_allclose(model.logits(PICTURES), expected(), atol=1e-5)
    assert model.settings["format"] == "TorchScript"


def test_a_fixed_batch_is_filled(tmp_path: Path) -> None:
    model = classifier(program(tmp_path / "two.pt2", Tiny(), batch=2))
    np.testing.assert_allclose(model.logits(PICTURES), expected(), atol=1e-5)


def test_scores_are_found_in_what_the_model_returns(tmp_path: Path) -> None:
    mapping = program(tmp_path / "mapping.pt2", Tiny("mapping"))
    np.testing.assert_allclose(classifier(mapping).logits(PICTURES), expected(), atol=1e-5)
    assert not classifier(mapping, f"{TRUSTED},output=other").logits(PICTURES).any()
    pair = script(tmp_path / "pair.pt", Tiny("pair"))
    np.testing.assert_allclose(classifier(pair, f"{TRUSTED},size=8").logits(PICTURES), expected(), atol=1e-5)
    second = classifier(pair, f"{TRUSTED},size=8,output=1")
    np.testing.assert_allclose(second.logits(PICTURES), expected() * 2, atol=1e-5)
    for file, output, message in (
        (mapping, "logit", "returns a dict with the keys other, logits, in which there is no tensor of scores logit"),
        (pair, "2", "returns a tuple, in which there is no tensor of scores 2: correct output=…"),
    ):
        with pytest.raises(DiffexError, match=message):
            classifier(file, f"{TRUSTED},size=8,output={output}").logits(PICTURES)


@pytest.mark.parametrize("options", ["mean=0,std=1,size=8", "mean=0,std=1,size=8,trust=no"])
def test_nothing_is_loaded_without_trust(exported: Path, scripted: Path, options: str) -> None:
    for file, form in ((exported, "an exported program"), (scripted, "in TorchScript")):
        with pytest.raises(UsageError, match=rf"can run code .* \(it is {form}\): add trust=yes"):
            classifier(file, options)


def test_an_archive_that_would_run_code_does_not_while_it_is_checked(exported: Path, tmp_path: Path) -> None:
    """A weight whose pickle creates a file: loading the archive does it, checking and fingerprinting it does not."""
    witness = tmp_path / "ran"
    evil = tmp_path / "evil.pt2"

    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(witness),)

    with zipfile.ZipFile(exported) as old, zipfile.ZipFile(evil, "w") as new:
        for name in old.namelist():
            new.writestr(name, pickle.dumps(Evil()) if name.endswith(".pt") else old.read(name))
    with pytest.raises(UsageError, match="add trust=yes"):
        classifier(evil, "mean=0,std=1")
    assert classifier(evil).fingerprint
    assert not witness.exists()
    with pytest.raises(UsageError, match="cannot load the classifier"):
        classifier(evil).logits(PICTURES)
    assert witness.exists()


def test_other_files_are_refused_with_what_to_do(tmp_path: Path) -> None:
    torch.save(Tiny().state_dict(), tmp_path / "weights.pth")
    (tmp_path / "text.pt").write_text("no archive")
    for name in ("weights.pth", "text.pt"):
        with pytest.raises(UsageError, match=r"neither an exported program nor in TorchScript: .*timm:NAME:weight"):
            classifier(tmp_path / name)
    with pytest.raises(UsageError, match="there is no file"):
        classifier(tmp_path / "none.pt2")


def test_what_does_not_fit_the_model_is_refused(exported: Path, scripted: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the model takes 8x8 pixels only"):
        classifier(exported, f"{TRUSTED},size=16").logits(PICTURES)
    with pytest.raises(UsageError, match="does not say what size it wants"):
        classifier(scripted).logits(PICTURES)
    with pytest.raises(UsageError, match="nothing says how the model wants its pixels"):
        classifier(exported, "trust=yes")
    with pytest.raises(DiffexError, match="failed: RuntimeError"):
        classifier(scripted, f"{TRUSTED},size=8,channels=grey").logits(PICTURES)
    two = torch.export.export(torch.nn.Bilinear(4, 4, 2), (torch.zeros(1, 4), torch.zeros(1, 4)))
    torch.export.save(two, tmp_path / "two.pt2")
    with pytest.raises(UsageError, match=r"must take one array of pictures, but takes \(1, 4\), \(1, 4\)"):
        classifier(tmp_path / "two.pt2").logits(PICTURES)


def test_the_fingerprint_follows_content_and_options(exported: Path, scripted: Path, tmp_path: Path) -> None:
    first = classifier(exported).fingerprint
    moved = tmp_path / "moved.pt2"
    moved.write_bytes(exported.read_bytes())
    assert classifier(moved, f"{TRUSTED},batch=2").fingerprint == first
    others = {classifier(scripted).fingerprint, classifier(exported, f"{TRUSTED},kind=multilabel").fingerprint}
    assert len(others | {first}) == 3
    assert str(exported.parent) not in str(dict(classifier(exported).settings))


def test_constructing_one_imports_no_torch(exported: Path) -> None:
    code = (
        "import sys; from diffex_cli.core.registry import parse_spec;"
        "from diffex_cli.classifiers.backends.torch import TorchClassifier;"
        f"TorchClassifier(parse_spec('torch:{exported}:{TRUSTED}')).fingerprint;"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
