"""Makes torchvision importable beside a torch that its compiled operators were not built for.

The wheel on PyPI is built for CUDA; beside a CPU build of torch its operators do not load, and then neither torchvision
nor timm nor transformers' models can be imported. Classification uses none of them: models and transforms are plain
torch and Pillow. It is enough that the operators' names are known.
"""

import importlib
import importlib.util
from typing import Any

_KEPT: list[Any] = []
_OPERATORS = ("nms", "qnms")


def declare_operators() -> None:
    """Do so if torchvision is installed and needs it."""
    if importlib.util.find_spec("torchvision") is None:
        return
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        import torch

        library = torch.library.Library("torchvision", "DEF")
        for name in _OPERATORS:
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        # The names are gone with the object.
        _KEPT.append(library)
        importlib.import_module("torchvision")


def torchvision_or_skip() -> None:
    """For tests that need torchvision."""
    import pytest

    pytest.importorskip("torchvision")
