"""What the outputs of a model in Hugging Face's format mean: by its configuration, or by the options."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffex_cli.classifiers.backends.transformers import TransformersClassifier
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.output_kinds import softmax
from diffex_cli.core.registry import parse_spec

PICTURES = [
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (20, 30, 3), dtype=np.uint8)) for seed in range(3)
]


def classifier(folder: Path, options: str = "") -> TransformersClassifier:
    return TransformersClassifier(parse_spec(f"transformers:{folder}{options}"), device="cpu")


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One output, named, with no word on what it means."""
    import torch
    from transformers import ViTConfig, ViTForImageClassification

    torch.manual_seed(3)
    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=32,
        num_labels=1, id2label={0: "smile"}, label2id={"smile": 0},
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("single")
    ViTForImageClassification(config).save_pretrained(folder)
    settings = {"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32}}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (None, "softmax"),
        ("single_label_classification", "softmax"),
        ("multi_label_classification", "multilabel"),
        ("regression", "regression"),
    ],
)
def test_the_configuration_says_what_outputs_mean(vit: Path, tmp_path: Path, problem: str | None, kind: str) -> None:
    for name in ("preprocessor_config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((vit / name).read_bytes())
    config = json.loads((vit / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "problem_type": problem}))
    model = classifier(tmp_path)
    assert model.outputs.kind == model.output_kind == kind
    np.testing.assert_array_equal(model.logits(PICTURES), classifier(vit).logits(PICTURES))
    assert classifier(tmp_path, ":kind=multilabel").outputs.kind == "multilabel"


def test_a_single_output_is_a_number_unless_it_is_declared_binary(single: Path, tmp_path: Path) -> None:
    number = classifier(single)
    assert number.labels == ("smile",)
    assert number.outputs.kind == "regression"
    raw = number.logits(PICTURES)
    binary = classifier(single, ":kind=binary")
    assert binary.labels == ("not smile", "smile")
    assert binary.output_kind == "softmax"
    np.testing.assert_allclose(softmax(binary.logits(PICTURES))[:, 1:], 1 / (1 + np.exp(-raw)), atol=1e-6)
    (tmp_path / "labels.txt").write_text("stern\nsmiling\n")
    assert classifier(single, f":kind=binary,labels={tmp_path}/labels.txt").labels == ("stern", "smiling")


def test_options_are_in_the_fingerprint_only_if_they_are_given(vit: Path, tmp_path: Path) -> None:
    model = classifier(vit)
    assert set(model.settings) == {"backend", "model", "files"}
    assert classifier(vit, ":batch=2").fingerprint == model.fingerprint
    (tmp_path / "labels.txt").write_text("a\nb\n")
    named = classifier(vit, f":labels={tmp_path}/labels.txt")
    assert named.labels == ("a", "b")
    assert len({model.fingerprint, named.fingerprint, classifier(vit, ":kind=multilabel").fingerprint}) == 3


def test_what_does_not_fit_is_refused(vit: Path, tmp_path: Path) -> None:
    with pytest.raises(DiffexError, match="declared kind=binary, which is one number for an image, but gave 2"):
        classifier(vit, ":kind=binary").logits(PICTURES)
    with pytest.raises(DiffexError, match="to give probabilities, but gave"):
        classifier(vit, ":values=probabilities").logits(PICTURES)
    with pytest.raises(UsageError, match="labels must be a file that exists, not"):
        classifier(vit, f":labels={tmp_path}/none.txt")
