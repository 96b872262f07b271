"""Seconds and memory of work on a device that runs behind: synchronised, with a peak of its own."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Sequence

import torch


@dataclasses.dataclass(frozen=True)
class Spent:
    """``seconds`` of wall time. ``memory``: bytes at the peak beyond what was there before; ``None`` on the CPU."""

    seconds: float
    memory: int | None


def spent(work: Callable[[], object], device: torch.device) -> Spent:
    """Do some work and wait for the device to finish it."""
    if device.type != "cuda":
        started = time.perf_counter()
        work()
        return Spent(time.perf_counter() - started, None)
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    started = time.perf_counter()
    work()
    torch.cuda.synchronize(device)
    return Spent(time.perf_counter() - started, torch.cuda.max_memory_allocated(device) - before)


def peak(some: Sequence[Spent]) -> float | None:
    """The most memory of several, GiB; ``None`` if it was not measured."""
    known = [one.memory for one in some if one.memory is not None]
    return max(known) / 2**30 if known else None


def spread(values: Sequence[float], scale: float = 1.0) -> list[float]:
    """Median, least and most."""
    return [statistics.median(values) * scale, min(values) * scale, max(values) * scale]
