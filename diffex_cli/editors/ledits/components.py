"""Reads one component of a model, from a folder or the hub, and says in one sentence what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffex_cli.core.errors import UsageError
from diffex_cli.core.typed_paths import typed_path
from diffex_cli.editors.models.loading import shortened

if TYPE_CHECKING:
    import torch

_PICKLES = (".bin", ".ckpt", ".pkl", ".pt", ".pth")


def local_or_hub(source: str) -> str:
    """The folder that ``source`` names, with ``~`` expanded, or the hub id as it is."""
    path = typed_path(source)
    if path.suffix in _PICKLES:
        raise UsageError(f"{source!r} is a pickle, which can run code when it is opened: convert it to safetensors")
    if path.is_file():
        raise UsageError(f"{source!r} is a file: give a folder in diffusers format, a hub id or a .safetensors file")
    return str(path) if path.is_dir() else source


def read_config(owner: Any, source: str, revision: str = "main", subfolder: str = "") -> Mapping[str, Any]:
    from huggingface_hub.errors import RevisionNotFoundError

    try:
        config: Mapping[str, Any] = dict(owner.load_config(source, revision=revision, subfolder=subfolder or None))
    except Exception as error:  # of many kinds, by what is in the file
        if isinstance(error.__context__, RevisionNotFoundError):
            raise UsageError(f"the hub's model {source} has no revision {revision!r}") from error
        file = "/".join(filter(None, (subfolder, str(owner.config_name))))
        raise UsageError(
            f"no diffusers model at {source!r}{_at(source, revision)}: give a folder with a readable {file}, "
            "or a hub id that can be reached"
        ) from error
    return config


def load_component(
    owner: Any, source: str, dtype: torch.dtype, revision: str = "main", subfolder: str = "", variant: str = ""
) -> Any:
    where: dict[str, Any] = {"revision": revision, "variant": variant or None, "subfolder": subfolder}
    try:
        module, info = owner.from_pretrained(
            source, dtype=dtype, use_safetensors=True, output_loading_info=True, **where
        )
    except Exception as error:
        raise UsageError(
            f"the model {source!r}{_at(source, revision)} cannot be loaded ({subfolder or owner.__name__}: "
            f"{shortened(error)}): {_remedy(Path(source) / subfolder, variant)}"
        ) from error
    lacking = sorted(info["missing_keys"])
    if lacking:
        raise UsageError(
            f"the model {source!r} has no weights for {lacking[0]}{' and others' if lacking[1:] else ''} "
            f"of its {subfolder or owner.__name__}: give a complete one"
        )
    return module


def _at(source: str, revision: str) -> str:
    return "" if Path(source).is_dir() or revision == "main" else f" (revision {revision})"


def _remedy(folder: Path, variant: str) -> str:
    """What to do about weights that cannot be loaded, from what else lies in their folder."""
    names = [path.name for path in folder.glob("*.*")] if folder.is_dir() else []
    there = sorted(
        {parts[1] for parts in (name.split(".") for name in names) if len(parts) == 3 and parts[2] == "safetensors"}
    )
    plain = any(name.endswith(".safetensors") and name.count(".") == 1 for name in names)
    if there and variant not in there:
        return f"its variants are {', '.join(there)}: choose one by variant={there[0]}"
    if variant and plain:
        return f"it has no variant {variant!r}: leave the option out"
    if not (plain or there) and any(name.endswith(_PICKLES) for name in names):
        return "its weights are pickles, which can run code when they are opened: convert them to safetensors"
    return "give a complete one, with weights in safetensors"
