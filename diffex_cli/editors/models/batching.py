"""Edits in batches as large as memory allows: what fits is found by halving when memory runs out, and remembered."""

from __future__ import annotations

import dataclasses
import json
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from diffex_cli.artifacts.files import write_text
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.machine import cache_folder
from diffex_cli.core.plain_files import read_plain_file
from diffex_cli.editors.base import EditResult, failed

if TYPE_CHECKING:
    import torch

_START = {"cpu": 32}
_START_ELSEWHERE = 64
T = TypeVar("T")


class Job(Protocol):
    """One edit to make, as an editor has made it ready."""

    @property
    def key(self) -> str: ...


J = TypeVar("J", bound=Job)


@dataclasses.dataclass(frozen=True)
class Batches(Generic[J]):
    """How an editor makes many edits.

    Attributes:
        run: makes a batch's edits; their ``seconds`` are not looked at.
        split: groups of jobs that fit into memory, as far as is known.
        lower: hears how many edits ran out of memory together, and tells whether smaller groups are worth a try.
        no_memory: the reason of an edit for which memory does not suffice even alone.
    """

    run: Callable[[list[J]], Sequence[EditResult]]
    split: Callable[[Sequence[J]], list[list[J]]]
    lower: Callable[[int], bool]
    no_memory: str

    def results(self, jobs: Sequence[J]) -> Iterator[EditResult]:
        """Every job's result. A batch that fails is halved until the edit stands alone that cannot be made; errors that
        :func:`ends_the_run` names are passed on."""
        waiting = deque(self.split(jobs))
        while waiting:
            batch = waiting.popleft()
            started = time.perf_counter()
            try:
                results = self.run(batch)
            except Exception as error:
                if ends_the_run(error):
                    raise
                reason, no_memory = first_line(error), is_out_of_memory(error)
            else:
                seconds = (time.perf_counter() - started) / len(batch)
                yield from (dataclasses.replace(result, seconds=seconds) for result in results)
                continue
            if no_memory:
                free_memory()  # not before the error is forgotten, which holds on to what it was computed with
            if no_memory and self.lower(len(batch)):
                waiting = deque(group for each in (batch, *waiting) for group in self.split(each))
            elif len(batch) > 1:
                half = len(batch) // 2
                waiting.extendleft([batch[half:], batch[:half]])
            else:
                seconds = time.perf_counter() - started
                yield failed(batch[0].key, self.no_memory if no_memory else reason, seconds)


class RowLimit:
    """The largest batch that has not run out of memory. ``key``: names model, picture size and device; what is learned
    is remembered under it. ``given``: the user's own number; 0 to start with the remembered one, or else a guess."""

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
    import torch

    text = str(error)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
    )


def ends_the_run(error: Exception) -> bool:
    """Whether an error concerns more than the edit at hand: the user can mend it, or the device is lost, on which
    every later edit would fail, too."""
    import torch

    return isinstance(error, DiffexError | torch.AcceleratorError) and not is_out_of_memory(error)


def first_line(error: Exception) -> str:
    """An error's reason, for the row of the edit that failed by it."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def free_memory() -> None:
    """Give the caching allocator's unused blocks back, so that a smaller batch finds room."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def split(items: Sequence[T], costs: Sequence[int], limit: int) -> list[list[T]]:
    """Consecutive groups of items whose costs add up to ``limit`` at most; one item may cost more."""
    groups: list[list[T]] = []
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
        kept = read_plain_file(_file(), "the sizes of batches")
        return {str(key): int(rows) for key, rows in kept.items()}
    except (UsageError, ValueError, TypeError, AttributeError):
        return {}


def _remember(key: str, rows: int) -> None:
    """A convenience: a cache that cannot be written is no error."""
    try:
        write_text(_file(), json.dumps({**_remembered(), key: rows}, indent=1, sort_keys=True))
    except DiffexError:
        return
