"""The U-Net through ``torch.compile``, without compiling anew for every number of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def compiled(unet: Any, limit: Callable[[], int], device: torch.device) -> Callable[..., Any]:
    """A stand-in for ``unet`` that pads every call to the limit, or to half of it, and compiles both. Compilation
    happens at the first call of each. More rows than the limit run in chunks. When memory runs out and the limit is
    lowered, the padding follows, at the price of one more compilation. ``device``: on the CPU the weights are frozen
    into the compiled code, which is faster still."""
    options: dict[str, str | int | bool | Callable[..., Any]] | None = (
        {"freezing": True} if device.type == "cpu" else None
    )
    fast: Callable[..., Any] = torch.compile(unet, dynamic=False, options=options)

    def call(latents: Tensor, timestep: Tensor, **arguments: Any) -> Any:
        rows = max(2, limit())
        if len(latents) > rows:
            parts = [
                call(*(tensor[k : k + rows] for tensor in (latents, timestep)), **_rows(arguments, k, k + rows))
                for k in range(0, len(latents), rows)
            ]
            joined: Any = type(parts[0])(sample=torch.cat([part.sample for part in parts]))
            return joined
        wanted = len(latents)
        size = rows // 2 if wanted <= rows // 2 else rows
        padded = fast(_pad(latents, size), _pad(timestep, size), **_map(arguments, lambda tensor: _pad(tensor, size)))
        return type(padded)(sample=padded.sample[:wanted])

    return call


def _pad(tensor: Tensor, size: int) -> Tensor:
    """The last row repeated up to ``size`` rows; the memory format is kept."""
    missing = size - len(tensor)
    filled = torch.cat([tensor, tensor[-1:].expand(missing, *tensor.shape[1:])]) if missing else tensor
    if tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last):
        return filled.contiguous(memory_format=torch.channels_last)
    return filled.contiguous()


def _rows(arguments: dict[str, Any], start: int, stop: int) -> dict[str, Any]:
    return _map(arguments, lambda tensor: tensor[start:stop])


def _map(arguments: dict[str, Any], change: Callable[[Tensor], Tensor]) -> dict[str, Any]:
    """Apply ``change`` to all tensors of the (nested) keyword arguments."""
    return {key: _map(value, change) if isinstance(value, dict) else change(value) for key, value in arguments.items()}
