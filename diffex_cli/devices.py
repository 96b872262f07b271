"""Which device, or devices, the models run on."""

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


def parse_devices(text: str) -> tuple[str, ...]:
    """The names in ``--device``: one, several with commas between, or ``cuda:all``. The editor works on all of
    them, one process each; everything else uses the first.

    Whether a device is there is :func:`pick_device`'s business; only ``cuda:all`` has to look.

    Raises:
        UsageError: a name is empty, ``auto`` is one of several, or ``cuda:all`` finds no GPU.
    """
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise UsageError(f"--device {text!r} has an empty name: write one device, or several like cuda:0,cuda:1")
    if "auto" in names and len(names) > 1:
        raise UsageError(f"--device {text} names auto beside others: write auto alone, or the devices themselves")
    return tuple(device for name in names for device in (_all_gpus() if name == "cuda:all" else (name,)))


def _all_gpus() -> tuple[str, ...]:
    import torch

    count = torch.cuda.device_count()
    if not count:
        raise UsageError("--device cuda:all finds no CUDA device here: use auto or cpu")
    return tuple(f"cuda:{index}" for index in range(count))
