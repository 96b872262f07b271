"""Inversions on disk, so that a later run of the same images pays none of them again."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from diffex_cli.artifacts.files import write_bytes
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.machine import cache_folder
from diffex_cli.editors.ledits.inversion import Inversion, noise_maps
from diffex_cli.editors.ledits.solver import Schedule

_FORMAT = "diffex.inversion/1"
_GIBIBYTES = 4.0
_LEFTOVER_SECONDS = 3600.0
"""A temporary file of this age belongs to a writer that was killed."""


class InversionCache:
    """One safetensors file an inversion; what was used longest ago goes first when there is no room. Several processes
    may share the folder: files appear whole or not at all, and one that vanishes is a miss. The cache is a convenience,
    so a full, read-only or foreign disk makes it forget and is no error. The time of a file's last use is its
    modification time: access times are switched off on many machines. ``limit_bytes``: what all files together may
    take; 0 to keep none and find none."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder, self._limit = folder, limit_bytes

    def get(self, key: str, schedule: Schedule, device: torch.device | str = "cpu") -> Inversion | None:
        """The inversion put under ``key``, on the device, bit for bit; ``None`` if there is none. A file that is torn,
        not finite, of another key or of another number of steps is removed. ``schedule``: the inversion's own, with
        which its noise maps are computed again."""
        if not self._limit:
            return None
        path = self._path(key)
        try:
            x, epsilon = _read(path, key, schedule.steps)
        except OSError:
            return None
        except RuntimeError:
            # another process removed it after it was found here, which torch calls so
            if path.exists():
                raise
            return None
        except (safetensors.SafetensorError, ValueError):
            _remove(path)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        x, epsilon = x.to(device), epsilon.to(device)
        return Inversion(x, noise_maps(schedule, x, epsilon), epsilon)

    def put(self, key: str, inversion: Inversion) -> None:
        """Keep an inversion for :meth:`get`, unless it alone is larger than the limit, or not finite."""
        tensors = {"x": inversion.x, "epsilon": inversion.epsilon}
        if sum(tensor.nbytes for tensor in tensors.values()) > self._limit:
            return
        if not all(bool(tensor.isfinite().all()) for tensor in tensors.values()):
            return
        on_cpu = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
        try:
            write_bytes(self._path(key), safetensors.torch.save(on_cpu, _metadata(key)))
        except DiffexError:
            return
        self._evict(keep=self._path(key))

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.safetensors"

    def _evict(self, keep: Path) -> None:
        """Remove what was used longest ago until the rest fits; never ``keep``, which was just written."""
        files = sorted(_files(self._folder), key=lambda file: file[1].st_mtime_ns)
        total = sum(stat.st_size for _, stat in files)
        for path, stat in files:
            abandoned = path.suffix == ".tmp" and time.time() - stat.st_mtime > _LEFTOVER_SECONDS
            if abandoned or (total > self._limit and path.suffix == ".safetensors" and path != keep):
                _remove(path)
                total -= stat.st_size


def default_cache() -> InversionCache:
    """The cache in diffex's cache folder, of 4 GiB, or of as many as ``DIFFEX_CACHE_GB`` says (0 for none)."""
    text = os.environ.get("DIFFEX_CACHE_GB") or str(_GIBIBYTES)
    try:
        size = float(text)
    except ValueError:
        size = math.nan
    if not 0 <= size < math.inf:
        raise UsageError(
            f"the environment variable DIFFEX_CACHE_GB={text} must be a number of gibibytes, "
            "or 0 to keep no inversions on disk"
        )
    return InversionCache(cache_folder() / "inversions", int(size * 2**30))


def _metadata(key: str) -> dict[str, str]:
    return {"format": _FORMAT, "key": key}


def _read(path: Path, key: str, steps: int) -> tuple[Tensor, Tensor]:
    """``x`` and ``epsilon``; OSError if the file is missing, SafetensorError or ValueError if it is another or torn."""
    path.open("rb").close()  # safetensors would report a file that may not be read like one that is damaged
    with safetensors.safe_open(path, framework="pt") as file:
        if file.metadata() != _metadata(key) or set(file.keys()) != {"x", "epsilon"}:
            raise ValueError(f"{path} is of another inversion")
        x, epsilon = file.get_tensor("x"), file.get_tensor("epsilon")
    if x.ndim != 4 or x.shape[0] != steps + 1 or epsilon.shape != x[:-1].shape:
        raise ValueError(f"{path} is of another shape")
    if not all(tensor.dtype == torch.float32 and bool(tensor.isfinite().all()) for tensor in (x, epsilon)):
        raise ValueError(f"{path} is not of finite float32 numbers")
    return x, epsilon


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """The files of a folder; those that vanish meanwhile are left out."""
    try:
        paths = list(folder.iterdir())
    except OSError:
        return
    for path in paths:
        with contextlib.suppress(OSError):
            yield path, path.stat()


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
