from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from asked_regions import CREST, TAIL, inside, opened
from PIL import Image
from tiny_clipseg import save_clipseg

from diffex_cli.artifacts.run import input_row
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Node
from diffex_cli.editors.regions.base import RegionImage, region_images


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_clipseg(tmp_path_factory.mktemp("clipseg") / "model")


@pytest.fixture
def model(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(saved, "model")
    return tmp_path / "model"


def photo() -> RegionImage:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    row = input_row(picture, "cat.png", None)
    return region_images((row,), {row.image: picture}.__getitem__)[row.image]


def stock(folder: Path, words: str) -> np.ndarray:
    """The probabilities as transformers' own documentation computes them, enlarged to the picture."""
    from transformers import AutoImageProcessor, AutoTokenizer, CLIPSegForImageSegmentation

    network = CLIPSegForImageSegmentation.from_pretrained(folder).eval()
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    inputs = {
        **processor(images=[photo().picture], return_tensors="pt"),
        **AutoTokenizer.from_pretrained(folder)([words], return_tensors="pt", return_token_type_ids=False),
    }
    with torch.no_grad():
        seen = network(**inputs).logits.reshape(1, 1, 16, 16).sigmoid()
    return torch.nn.functional.interpolate(seen, (24, 32), mode="bilinear")[0, 0].numpy()


def test_the_region_is_where_the_model_sees_the_words(model: Path) -> None:
    cat = photo()
    crest, tail = (inside(opened("text:model:threshold=0.5"), cat, node) for node in (CREST, TAIL))
    assert crest.shape == (24, 32)
    assert (crest == (stock(model, CREST.prompt) >= 0.5)).all()
    assert 0.05 < crest.mean() < 0.95
    assert (crest != tail).any()
    assert (inside(opened("text:model:threshold=0.5"), cat, CREST, TAIL) == crest | tail).all()


@pytest.mark.usefixtures("model")
def test_what_an_attribute_replaces_is_what_is_there() -> None:
    cat = photo()
    replacing = Node("crest", "crest", CREST.prompt, replaces=TAIL.prompt)
    regions = opened("text:model:threshold=0.5")
    assert (inside(regions, cat, replacing) == inside(regions, cat, TAIL)).all()
    fixed = opened("text:model:threshold=0.5,words=long tail")
    assert (inside(fixed, cat, CREST) == inside(regions, cat, TAIL)).all()
    assert fixed.fingerprint != regions.fingerprint


@pytest.mark.usefixtures("model")
def test_its_options() -> None:
    cat = photo()
    few, many = (inside(opened(f"text:model:threshold={t}"), cat, CREST) for t in (0.9, 0.1))
    assert few.sum() < many.sum()
    assert (many | few == many).all()
    wider = inside(opened("text:model:threshold=0.9,grow=2"), cat, CREST)
    assert few.sum() < wider.sum()
    assert (wider | few == wider).all()
    with pytest.raises(UsageError, match="threshold must be a number from 0 to 1"):
        opened("text:model:threshold=2")
    with pytest.raises(UsageError, match="a local folder has no revision"):
        opened("text:model:revision=main")
    with pytest.raises(UsageError, match=r"there is no folder nowhere"):
        opened("text:./nowhere")


def test_its_fingerprint_is_that_of_its_files(model: Path) -> None:
    before = opened("text:model").fingerprint
    shutil.copytree(model, "moved")
    assert opened("text:moved").fingerprint == before
    settings = json.loads((model / "preprocessor_config.json").read_text())
    (model / "preprocessor_config.json").write_text(json.dumps({**settings, "resample": 0}))
    assert opened("text:model").fingerprint != before


def test_another_kind_of_model_is_refused(model: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**config, "model_type": "clip"}))
    with pytest.raises(UsageError, match="the model is of the kind 'clip': name a CLIPSeg model"):
        inside(opened("text:model"), photo(), CREST)
    (model / "config.json").unlink()
    with pytest.raises(UsageError, match=r"'text:model': the model cannot be loaded .*: name a CLIPSeg model"):
        inside(opened("text:model"), photo(), CREST)


def test_a_model_that_lacks_weights_is_refused(model: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(model / "model.safetensors")
    save_file({name: each for name, each in weights.items() if "film_mul" not in name}, model / "model.safetensors")
    with pytest.raises(UsageError, match=r"the model has no usable weights for decoder\.film_mul"):
        inside(opened("text:model"), photo(), CREST)
