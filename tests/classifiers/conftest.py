"""Tiny image classifiers with random weights, saved as a user would."""

import json
from pathlib import Path

import pytest
from torchvision_operators import declare_operators

declare_operators()

LABELS = ("finch", "crane", "crane", "owl")


@pytest.fixture(scope="session")
def efficientnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import EfficientNetConfig, EfficientNetForImageClassification
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.manual_seed(0)
    config = EfficientNetConfig(
        image_size=32, width_coefficient=0.1, depth_coefficient=0.1, hidden_dim=128, num_labels=4,
        id2label=dict(enumerate(LABELS)), label2id={name: i for i, name in enumerate(LABELS)},
    )  # fmt: skip
    model = EfficientNetForImageClassification(config)
    # The library's own start lets no signal through: its batch norms begin near zero.
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter)
        else:
            torch.nn.init.ones_(parameter)
    return save(model, "EfficientNetImageProcessor", tmp_path_factory.mktemp("efficientnet"))


@pytest.fixture(scope="session")
def vit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import ViTConfig, ViTForImageClassification
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=32, num_labels=2
    )
    return save(ViTForImageClassification(config), "ViTImageProcessor", tmp_path_factory.mktemp("vit"))


def save(model: object, processor: str, folder: Path) -> Path:
    model.save_pretrained(folder)  # type: ignore[attr-defined]
    settings = {"image_processor_type": processor, "size": {"height": 32, "width": 32}}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder
