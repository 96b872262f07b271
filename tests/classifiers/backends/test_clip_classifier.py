"""Zero-shot classes: CLIP and SigLIP, against the plain transformers computation."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_clip
from PIL import Image

from diffex_cli.classifiers.backends.clip import ClipClassifier
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.registry import CLASSIFIERS, find, parse_spec

PICTURES = [
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (20, 30, 3), dtype=np.uint8)) for seed in range(5)
]
CLASSES = {"cat": ["a small fluffy cat"], "dog": ["a hound with long ears .", "a photo of the dog", "dog"]}
YAML = "cat: a small fluffy cat\ndog: [a hound with long ears ., a photo of the dog, dog]\n"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_clip.save_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def siglip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_clip.save_siglip(tmp_path_factory.mktemp("siglip"))


@pytest.fixture
def described(tmp_path: Path) -> Path:
    file = tmp_path / "classes.yaml"
    file.write_text(YAML, encoding="utf-8")
    return file


def classifier(model: Path, labels: Path, options: str = "") -> ClipClassifier:
    return ClipClassifier(parse_spec(f"clip:{model}:labels={labels}{options}"), device="cpu")


def plain(model: Any, folder: Path, padding: Any) -> np.ndarray:
    """The mean over a class's texts of the model's own ``logits_per_image``."""
    import torch
    from transformers import AutoImageProcessor, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    pixels = AutoImageProcessor.from_pretrained(folder, backend="pil")(images=PICTURES, return_tensors="pt")
    columns = []
    for texts in CLASSES.values():
        tokens = tokenizer(texts, padding=padding, truncation=True, max_length=8, return_tensors="pt")
        if padding == "max_length":  # SigLIP was trained without a mask
            tokens.pop("attention_mask")
        with torch.inference_mode():
            columns.append(model.eval()(**tokens, **pixels).logits_per_image.mean(dim=1).numpy())
    return np.stack(columns, axis=1)


def test_the_registry_finds_it() -> None:
    assert find(CLASSIFIERS, "clip") is ClipClassifier


def test_clip_scores_as_transformers_does(clip: Path, described: Path) -> None:
    from transformers import CLIPModel

    model = classifier(clip, described)
    assert model.labels == ("cat", "dog")
    logits = model.logits(PICTURES)
    np.testing.assert_allclose(logits, plain(CLIPModel.from_pretrained(clip), clip, True), atol=1e-4)
    assert np.ptp(logits, axis=0).min() > 0.01
    assert np.ptp(logits, axis=1).min() > 0.01
    assert model.outputs.kind == "softmax"
    np.testing.assert_allclose(classifier(clip, described, ",batch=2").logits(PICTURES), logits, atol=1e-4)
    assert model.logits([]).shape == (0, 2)


def test_siglip_scores_as_transformers_does(siglip: Path, described: Path) -> None:
    from transformers import SiglipModel

    model = classifier(siglip, described)
    logits = model.logits(PICTURES)
    np.testing.assert_allclose(logits, plain(SiglipModel.from_pretrained(siglip), siglip, "max_length"), atol=1e-4)
    assert np.ptp(logits, axis=0).min() > 0.01
    assert model.outputs.kind == "multilabel"
    assert classifier(siglip, described, ",kind=softmax").outputs.kind == "softmax"


def test_capitals_do_not_matter_to_a_model_of_small_letters(siglip: Path, described: Path, tmp_path: Path) -> None:
    capitals = tmp_path / "capitals.yaml"
    capitals.write_text(described.read_text().replace("cat", "Cat").replace("dog", "DOG"))
    small = classifier(siglip, described).logits(PICTURES)
    assert np.abs(classifier(siglip, capitals).logits(PICTURES) - small).max() > 0.01
    copy = Path(shutil.copytree(siglip, tmp_path / "copy"))
    settings = json.loads((copy / "tokenizer_config.json").read_text())
    (copy / "tokenizer_config.json").write_text(json.dumps({**settings, "do_lower_case": True}))
    np.testing.assert_array_equal(classifier(copy, capitals).logits(PICTURES), small)
    assert classifier(copy, described).fingerprint != classifier(siglip, described).fingerprint


def test_several_descriptions_count_as_their_mean(clip: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.yaml"
    alone.write_text("a: a cat\nb: a dog\nc: the hound\n")
    both = tmp_path / "both.yaml"
    both.write_text("a: a cat\nrest: [a dog, the hound]\n")
    single = classifier(clip, alone).logits(PICTURES)
    np.testing.assert_allclose(classifier(clip, both).logits(PICTURES)[:, 1], single[:, 1:].mean(axis=1), atol=1e-4)


def test_loading_prints_nothing(clip: Path, described: Path, capfd: pytest.CaptureFixture[str]) -> None:
    classifier(clip, described).logits(PICTURES[:1])
    assert capfd.readouterr() == ("", "")


def test_the_fingerprint_follows_model_and_descriptions(clip: Path, siglip: Path, described: Path) -> None:
    first = classifier(clip, described).fingerprint
    moved = described.rename(described.with_name("moved.yaml"))
    assert classifier(clip, moved, ",batch=2").fingerprint == first
    others = {classifier(siglip, moved).fingerprint, classifier(clip, moved, ",kind=multilabel").fingerprint}
    moved.write_text(YAML.replace("fluffy", "long"))
    others.add(classifier(clip, moved).fingerprint)
    assert len(others | {first}) == 4
    assert str(clip.parent) not in str(dict(classifier(clip, moved).settings))


def test_the_tokenizer_counts_too(clip: Path, described: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(clip, tmp_path / "copy"))
    before = classifier(copy, described).fingerprint
    assert before == classifier(clip, described).fingerprint
    file = copy / "tokenizer.json"
    file.write_text(file.read_text().replace('"fluffy"', '"furry"'))
    assert classifier(copy, described).fingerprint != before


@pytest.mark.parametrize("option", ["kind=binary", "kind=regression", "values=probabilities", "kind=softmx"])
def test_an_output_that_zero_shot_has_not_is_refused(clip: Path, described: Path, option: str) -> None:
    with pytest.raises(UsageError, match="kind"):
        classifier(clip, described, f",{option}")


def test_what_is_missing_is_named_at_once(clip: Path, described: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"names no classes: add labels=FILE\.yaml"):
        ClipClassifier(parse_spec(f"clip:{clip}"))
    with pytest.raises(UsageError, match="names no model: write clip:FOLDER or clip:HUB-ID"):
        ClipClassifier(parse_spec(f"clip:labels={described}"))
    copy = Path(shutil.copytree(clip, tmp_path / "copy"))
    (copy / "tokenizer.json").unlink()
    with pytest.raises(UsageError, match=r"copy has no tokenizer\.json: save the model and its processor there"):
        classifier(copy, described)


def test_a_description_that_is_too_long_is_refused(clip: Path, tmp_path: Path) -> None:
    file = tmp_path / "long.yaml"
    file.write_text("cat: a small fluffy cat with long long ears\ndog: a dog\n")
    with pytest.raises(UsageError, match=r"description 'a small fluffy cat .*' has 10 tokens, but the model reads 8"):
        classifier(clip, file).logits(PICTURES)


def test_a_model_without_texts_or_weights_is_refused(clip: Path, vit: Path, described: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    copy = Path(shutil.copytree(clip, tmp_path / "copy"))
    for name in ("config.json", "model.safetensors"):
        shutil.copy(vit / name, copy)
    with pytest.raises(UsageError, match="ViTModel does not compare images with texts: name a CLIP or SigLIP model"):
        classifier(copy, described).logits(PICTURES)
    weights = load_file(clip / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "text_projection" not in name}
    shutil.copy(clip / "config.json", copy)
    save_file(kept, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DiffexError, match=r"no usable weights for text_projection\.weight: it is not a trained CLIP"):
        classifier(copy, described).logits(PICTURES)


def test_constructing_one_imports_no_torch(clip: Path, described: Path) -> None:
    code = (
        "import sys; from diffex_cli.core.registry import parse_spec;"
        "from diffex_cli.classifiers.backends.clip import ClipClassifier;"
        f"ClipClassifier(parse_spec('clip:{clip}:labels={described}')).fingerprint;"
        "assert not {'torch', 'transformers', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
