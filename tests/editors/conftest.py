"""Stable Diffusion and SDXL pipelines of the real classes, tiny, with random weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.tiny import tiny_sd, tiny_sdxl


@pytest.fixture(scope="session")
def new_pipeline() -> Callable[..., Any]:
    """A builder: the stock pipelines replace the attention processors of whatever they are given."""
    return tiny_sd


@pytest.fixture(scope="session")
def pipeline() -> Any:
    return tiny_sd()


@pytest.fixture(scope="session")
def pipeline_folder(pipeline: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-sd")
    pipeline.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def new_xl_pipeline() -> Callable[..., Any]:
    return tiny_sdxl


@pytest.fixture(scope="session")
def xl_pipeline_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-xl")
    tiny_sdxl().save_pretrained(folder)
    return folder
