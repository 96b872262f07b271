"""Which device the models run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffex_cli.errors import UsageError

if TYPE_CHECKING:
    import torch


def pick_device(name: str) -> torch.device:
    """A device that is there; ``auto`` is CUDA, else MPS, else the CPU.

    Raises:
        UsageError: torch knows no such device, or it is not there.
    """
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (AssertionError, RuntimeError) as error:
        raise UsageError(f"--device {name} is not available here: use auto or cpu") from error
    return device
