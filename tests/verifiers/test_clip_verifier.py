"""The verifier ``clip`` on tiny models with random weights, against the plain transformers computation."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_clip
from PIL import Image

from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.registry import VERIFIERS, find
from diffex_cli.verifiers.backends.clip import UNSURE, ClipVerifier
from diffex_cli.verifiers.base import Attribute, Sight
from diffex_cli.verifiers.opened import OpenedVerifier, open_verifier
from diffex_cli.verifiers.templates import DEFAULT

PICTURES = [
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (20, 30, 3), dtype=np.uint8)) for seed in range(5)
]
SIGHTS = [Sight(picture) for picture in PICTURES]
CAT = Attribute("cat", "cat", "small cat", ("dog", "hound"), sibling_prompts=("fluffy dog", "hound"))
DOG = Attribute("dog", "dog", "fluffy dog", ("cat", "hound"), sibling_prompts=("small cat", "hound"))
EARS = Attribute("ears", "ears", "long ears")
SHORT = "shown: ['{}', 'a photo of {}']\nabsent: ['the {}']\n"
"""Sentences that a model of 8 tokens reads, of words that it knows."""


@pytest.fixture(scope="module", params=["clip", "siglip"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    save = {"clip": tiny_clip.save_clip, "siglip": tiny_clip.save_siglip}[request.param]
    return save(tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_clip.save_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("templates") / "short.yaml"
    file.write_text(SHORT, encoding="utf-8")
    return file


def opened(folder: Path, templates: Path | None = None, options: str = "") -> OpenedVerifier:
    given = ",".join(one for one in (f"templates={templates}" if templates else "", options) if one)
    found = open_verifier(f"clip:{folder}{given and f':{given}'}", device="cpu")
    assert found is not None
    return found


def plain(folder: Path, pictures: list[Image.Image], *sentences: tuple[str, ...]) -> np.ndarray:
    """The probability of the first of some groups of sentences, a softmax over the logits of the groups' means."""
    import torch
    from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    siglip = hasattr(model, "logit_bias")
    pixels = AutoImageProcessor.from_pretrained(folder, backend="pil")(images=pictures, return_tensors="pt")
    columns = []
    with torch.inference_mode():
        seen = torch.nn.functional.normalize(model.get_image_features(**pixels).pooler_output, dim=-1)
        for group in sentences:
            padding: Any = "max_length" if siglip else True
            tokens = tokenizer(list(group), padding=padding, max_length=8, truncation=True, return_tensors="pt")
            if siglip:
                tokens.pop("attention_mask")
            each = torch.nn.functional.normalize(model.get_text_features(**tokens).pooler_output, dim=-1)
            columns.append(seen @ torch.nn.functional.normalize(each.mean(dim=0), dim=-1) * model.logit_scale.exp())
        return torch.stack(columns, dim=1).softmax(dim=1)[:, 0].numpy()


def shown(words: str) -> tuple[str, ...]:
    return words, f"a photo of {words}"


def test_the_registry_finds_it() -> None:
    assert find(VERIFIERS, "clip") is ClipVerifier


def test_words_compete_with_their_negation_and_their_siblings(folder: Path, templates: Path) -> None:
    found = opened(folder, templates).seen(SIGHTS, [CAT, DOG, EARS])
    others = shown("fluffy dog"), shown("hound")
    np.testing.assert_allclose(
        found[:, 0], plain(folder, PICTURES, shown("small cat"), ("the small cat",), *others), atol=1e-4
    )
    np.testing.assert_allclose(found[:, 2], plain(folder, PICTURES, shown("long ears"), ("the long ears",)), atol=1e-4)
    assert np.ptp(found, axis=0).min() > 0.001
    in_twos = opened(folder, templates, "batch=2")
    np.testing.assert_allclose(in_twos.seen(SIGHTS, [CAT, DOG, EARS]), found, atol=1e-4)
    np.testing.assert_allclose(in_twos.seen(SIGHTS, [EARS])[:, 0], found[:, 2], atol=1e-4)
    assert in_twos.seen(SIGHTS[:0], [EARS]).shape == (0, 1)


def test_siblings_can_be_left_out(clip: Path, templates: Path) -> None:
    alone = dataclasses.replace(CAT, siblings=(), sibling_prompts=())
    apart = opened(clip, templates, "siblings=no")
    np.testing.assert_array_equal(apart.seen(SIGHTS, [CAT]), opened(clip, templates).seen(SIGHTS, [alone]))
    assert apart.exclusive([CAT, DOG]) == ()
    assert opened(clip, templates).exclusive([CAT, DOG, EARS]) == (frozenset({"cat", "dog"}),)


def test_the_changed_part_is_looked_at_too(clip: Path, templates: Path) -> None:
    """The odds on both are averaged where the whole is unsure, and each picture's own part is meant."""
    box = (3, 2, 18, 17)
    verifier = opened(clip, templates)
    whole = verifier.seen(SIGHTS, [CAT, EARS])
    part = verifier.seen([Sight(picture.crop(box)) for picture in PICTURES], [CAT, EARS])
    mixed = verifier.seen(
        [Sight(picture, box if place % 2 else None) for place, picture in enumerate(PICTURES)], [CAT, EARS]
    )
    np.testing.assert_allclose(mixed[::2], whole[::2], atol=1e-6)
    odds = np.log(whole / (1 - whole)), np.log(part / (1 - part))
    unsure = abs(odds[0]) < UNSURE
    assert unsure.any()
    expected = np.where(unsure, 1 / (1 + np.exp(-sum(odds) / 2)), whole)
    np.testing.assert_allclose(mixed[1::2], expected[1::2], atol=1e-5)


def test_words_that_the_model_does_not_tell_apart_are_not_told(clip: Path, templates: Path) -> None:
    strange = Attribute("x", "x", "zygodactyl cat", ("y",), sibling_prompts=("anisodactyl cat",))
    found = opened(clip, templates).seen(SIGHTS, [strange, CAT])
    assert np.isnan(found[:, 0]).all()
    assert np.isfinite(found[:, 1]).all()


def test_the_fingerprint_follows_model_and_sentences(clip: Path, templates: Path, tmp_path: Path) -> None:
    first = opened(clip, templates).fingerprint
    moved = tmp_path / "moved.yaml"
    moved.write_text(SHORT)
    assert opened(clip, moved, "batch=2").fingerprint == first
    siglip = tiny_clip.save_siglip(tmp_path / "siglip")
    others = {opened(clip).fingerprint, opened(siglip, moved).fingerprint}
    others.add(opened(clip, moved, "siblings=no").fingerprint)
    moved.write_text(SHORT.replace("the", "no"))
    others.add(opened(clip, moved).fingerprint)
    assert len(others | {first}) == 5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("- a\n", "must hold two lists, shown and absent"),
        ("shown: ['{}']\n", "must hold two lists, shown and absent"),
        ("shown: ['{}']\nabsent: []\n", r"absent must be a list of texts, each with one \{\}"),
        ("shown: 'a {}'\nabsent: ['no {}']\n", "shown must be a list of texts"),
        ("shown: ['a photo']\nabsent: ['no {}']\n", "shown must be a list of texts"),
        ("shown: ['{} {}']\nabsent: ['no {}']\n", "shown must be a list of texts"),
    ],
)
def test_templates_that_are_none_are_refused(clip: Path, tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "templates.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=rf"the file of templates .*templates\.yaml.* {said}"):
        opened(clip, file)


def test_what_is_missing_or_unknown_is_named_at_once(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names no model: write clip:FOLDER or clip:HUB-ID"):
        open_verifier("clip:")
    with pytest.raises(UsageError, match=r"unknown option 'sibling' \(did you mean 'siblings'"):
        opened(clip, options="sibling=no")
    with pytest.raises(UsageError, match="templates must be a file that exists"):
        opened(clip, tmp_path / "none.yaml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"empty has no config\.json: save the model and its processor there"):
        opened(tmp_path / "empty")


def test_words_that_are_too_long_are_refused(clip: Path) -> None:
    with pytest.raises(UsageError, match=r"the text 'a photo of .*' has 9 tokens, but the model reads 8: shorten"):
        opened(clip).seen(SIGHTS, [Attribute("cat", "cat", "small fluffy cat")])
    assert all("{}" in one for one in (*DEFAULT.shown, *DEFAULT.absent))


def test_a_folder_without_all_weights_is_refused(clip: Path, tmp_path: Path) -> None:
    import shutil

    from safetensors.torch import load_file, save_file

    copy = Path(shutil.copytree(clip, tmp_path / "copy"))
    weights = load_file(clip / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "text_projection" not in name}
    save_file(kept, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DiffexError, match=r"the verifier clip:\S+ has no usable weights for text_projection\.weight"):
        opened(copy).seen(SIGHTS, [EARS])
    (copy / "config.json").write_text("{")
    with pytest.raises(UsageError, match=r"cannot load the verifier clip:"):
        opened(copy).seen(SIGHTS, [EARS])


def test_constructing_one_imports_no_torch(clip: Path) -> None:
    code = (
        "import sys; from diffex_cli.verifiers.opened import open_verifier;"
        f"open_verifier('clip:{clip}').fingerprint;"
        "assert not {'torch', 'transformers', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
