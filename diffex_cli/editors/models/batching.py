"""How many rows the U-Net takes at a time: found by halving when memory runs out, and remembered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import torch

from diffex_cli.artifacts.files import write_text
from diffex_cli.core.errors import DiffexError
from diffex_cli.core.machine import cache_folder

_START = {"cpu": 32}
_START_ELSEWHERE = 64
_T = TypeVar("_T")


class RowLimit:
    """The largest batch that has not run out of memory.

    Args:
        key: names model, picture size and device; what is learned is remembered under it.
        device: sets the first guess.
        given: the user's own number; 0 to start with the remembered one, or else a guess.
    """

    def __init__(self, key: str, device: torch.device, given: int = 0) -> None:
        self._key = key
        self.rows = given or _remembered().get(key) or _START.get(device.type, _START_ELSEWHERE)

    def halve(self) -> bool:
        """Halve the limit after a failure; ``False`` if it was at the two rows that an edit needs."""
        if self.rows <= 2:
            return False
        self.rows = max(2, self.rows // 2)
        _remember(self._key, self.rows)
        return True


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch failed for want of memory, on any device."""
    text = str(error)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
    )


def ends_the_run(error: Exception) -> bool:
    """Whether an error concerns more than the edit at hand: the user can mend it, or the device is lost, on which
    every later edit would fail, too."""
    return isinstance(error, DiffexError | torch.AcceleratorError) and not is_out_of_memory(error)


def first_line(error: Exception) -> str:
    """An error's reason, for the row of the edit that failed by it."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def free_memory() -> None:
    """Give the caching allocator's unused blocks back, so that a smaller batch finds room."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def split(items: Sequence[_T], costs: Sequence[int], limit: int) -> list[list[_T]]:
    """Consecutive groups of items whose costs add up to ``limit`` at most; one item may cost more."""
    groups: list[list[_T]] = []
    total = 0
    for item, cost in zip(items, costs, strict=True):
        if not groups or total + cost > limit:
            groups.append([])
            total = 0
        groups[-1].append(item)
        total += cost
    return groups


def _file() -> Path:
    return cache_folder() / "rows.json"


def _remembered() -> dict[str, int]:
    try:
        return {str(key): int(rows) for key, rows in json.loads(_file().read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember(key: str, rows: int) -> None:
    """A convenience: a cache that cannot be written is no error."""
    try:
        write_text(_file(), json.dumps({**_remembered(), key: rows}, indent=1, sort_keys=True))
    except DiffexError:
        return
