"""Adapters (LoRA and its kin) that lie beside a model of transformers, which loads them without being asked."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from diffex_cli.core.errors import UsageError

ADAPTER = "adapter_config.json"
"""Together with ``adapter_model.safetensors`` it changes what the model gives."""


def check_adapter(folder: Path, place: str) -> None:
    """Refuse an adapter that transformers would not apply, or whose base model it would fetch from elsewhere.

    Args:
        folder: of a model.
        place: what names it, for the sentence.

    Raises:
        UsageError: peft, without which transformers leaves an adapter out and says nothing, is not installed; or the
            folder lacks the base model or safetensors weights.
    """
    if not (folder / ADAPTER).is_file():
        return
    merged = "merge it into the model (merge_and_unload()) and save that with save_pretrained"
    if not (folder / "config.json").is_file():
        raise UsageError(f"{place}: {folder} has an adapter without its model: {merged}")
    if not (folder / "adapter_model.safetensors").is_file():
        raise UsageError(f"{place}: {folder} has an adapter, but no adapter_model.safetensors: {merged}")
    if importlib.util.find_spec("peft") is None:
        raise UsageError(
            f"{place}: {folder} has an adapter beside the model, which the package peft applies: "
            f"pip install 'diffex[lora]', or {merged}"
        )


def refuse_hub_adapter(model: Any, place: str) -> None:
    """Refuse a model of the hub that is an adapter: its base is another model, of which nobody pinned the version."""
    if getattr(model, "_hf_peft_config_loaded", False):
        raise UsageError(
            f"{place} is an adapter of another model on the hub: merge the two (merge_and_unload()), save them with "
            "save_pretrained and give the folder"
        )
