"""``diffex doctor``: what this machine offers."""

from __future__ import annotations

import dataclasses
import os
import platform
import shutil
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from diffex_cli.commands.options import takes
from diffex_cli.commands.output import Output
from diffex_cli.core.columns import Column
from diffex_cli.core.domains import packaged
from diffex_cli.core.typed_paths import typed_path

_MISSING = "–"


@takes()
def doctor(output: Output) -> None:
    """Show versions, devices, memory, disk, models, packages, and whether API keys are set."""
    found = diagnose()
    rows = _rows(found)
    output.table(
        found,
        [Column("what"), Column("found")],
        rows,
        quiet="\n".join(f"{name}: {text}" for name, text in rows),
    )


def _rows(found: Diagnosis) -> list[tuple[str, str]]:
    return [
        ("diffex", found.diffex or _MISSING),
        ("Python", found.python),
        ("system", found.system),
        ("devices", ", ".join(found.devices) or "none: torch cannot be loaded"),
        ("threads", f"{found.threads or _MISSING} of {found.processors or _MISSING} processors"),
        ("memory", f"{_gigabytes(found.memory_free)} free of {_gigabytes(found.memory_total)}"),
        ("disk", f"{_gigabytes(found.disk_free)} free"),
        ("birds models", ", ".join(found.birds_models) or "none"),
        ("hub cache", str(found.hub_cache)),
        ("hub models", ", ".join(found.hub_models) or "none"),
        *((name, text or "not installed") for name, text in found.packages.items()),
        *((name, "set" if is_set else "not set") for name, is_set in found.keys.items()),
    ]


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


KEYS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "HF_TOKEN", "DIFFEX_HTTP_TOKEN")
PACKAGES = ("torch", "diffusers", "transformers", "anthropic", "openai", "timm", "open_clip_torch", "onnxruntime")
_WEIGHTS = "*.safetensors"


@dataclasses.dataclass(frozen=True, slots=True)
class Diagnosis:
    """Plain facts; ``None`` where a thing is missing or cannot be found out."""

    diffex: str | None
    python: str
    system: str
    devices: tuple[str, ...]  # torch's, with their names, the CPU first; empty if torch cannot be loaded
    threads: int | None  # of torch, on the CPU
    processors: int | None
    memory_total: int  # bytes
    memory_free: int  # bytes that can be had without swapping
    disk_free: int  # bytes, on the disk of the current folder
    birds_models: tuple[str, ...]  # folders packaged with the embedded domain
    hub_cache: Path
    hub_models: tuple[str, ...]
    packages: Mapping[str, str | None]  # name → version
    keys: Mapping[str, bool]  # environment variable → whether it is set; never its value


def diagnose(environment: Mapping[str, str] = os.environ) -> Diagnosis:
    """Look around. Loads torch, since only torch knows its devices."""
    import psutil

    memory = psutil.virtual_memory()
    devices, threads = _torch()
    cache = hub_cache(environment)
    return Diagnosis(
        diffex=_version("diffex"),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        devices=devices,
        threads=threads,
        processors=os.cpu_count(),
        memory_total=int(memory.total),
        memory_free=int(memory.available),
        disk_free=shutil.disk_usage(Path.cwd()).free,
        birds_models=model_folders(packaged("")),
        hub_cache=cache,
        hub_models=hub_models(cache),
        packages={name: _version(name) for name in PACKAGES},
        keys={name: bool(environment.get(name)) for name in KEYS},
    )


def hub_cache(environment: Mapping[str, str]) -> Path:
    """Where the Hugging Face libraries keep downloaded models, by their documented variables."""
    if "HF_HUB_CACHE" in environment:
        return typed_path(environment["HF_HUB_CACHE"])
    caches = typed_path(environment.get("XDG_CACHE_HOME") or "~/.cache")
    return typed_path(environment.get("HF_HOME") or caches / "huggingface") / "hub"


def hub_models(cache: Path) -> tuple[str, ...]:
    """The ids of the models in a hub cache that have been downloaded, from its folder names alone; sorted."""
    folders = (folder for folder in cache.glob("models--*--*") if any(folder.glob("snapshots/*/*")))
    return tuple(sorted(folder.name.removeprefix("models--").replace("--", "/", 1) for folder in folders))


def model_folders(parent: Path) -> tuple[str, ...]:
    """The names of the subfolders that hold weights, sorted."""
    if not parent.is_dir():
        return ()
    return tuple(sorted(folder.name for folder in parent.iterdir() if any(folder.rglob(_WEIGHTS))))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _torch() -> tuple[tuple[str, ...], int | None]:
    try:
        import torch
    except (ImportError, OSError):
        return (), None
    devices = ["cpu"]
    devices += [f"cuda:{index} ({torch.cuda.get_device_name(index)})" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append("mps")
    return tuple(devices), torch.get_num_threads()
