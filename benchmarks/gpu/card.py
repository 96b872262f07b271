"""What a figure was measured on: card, driver, versions."""

from __future__ import annotations

import shutil
import subprocess
from importlib.metadata import version

import torch

from benchmarks.machine import environment


def machine_key(device: torch.device, dtype: torch.dtype, tiny: bool) -> str:
    """Figures of another machine, dtype or library are not taken up again."""
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    packages = " ".join(f"{name}-{version(name)}" for name in ("torch", "diffusers", "transformers"))
    return f"{card} {packages} {str(dtype).removeprefix('torch.')}{' tiny' if tiny else ''}"


def described(device: torch.device, dtype: torch.dtype) -> str:
    """One line of Markdown."""
    text = f"{environment()[:-2]}; {str(dtype).removeprefix('torch.')}"
    if device.type == "cuda":
        memory = torch.cuda.get_device_properties(device).total_memory / 2**30
        text += f"; {memory:.0f} GiB, driver {_driver()}, CUDA {torch.version.cuda}"
    return f"{text}.*"


def _driver() -> str:
    program = shutil.which("nvidia-smi")
    if program is None:
        return "unknown"
    asked = subprocess.run(  # noqa: S603 - fixed arguments
        [program, "--query-gpu=driver_version", "--format=csv,noheader"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip().splitlines()[0] if asked.stdout.strip() else "unknown"
