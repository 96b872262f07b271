"""What every training run here shares: resumable checkpoints, a loss log, the learning rate."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch


class Checkpoint:
    """The state of one training run on disk, replaced atomically every few minutes.

    Args:
        folder: where ``state.pt`` and ``log.jsonl`` live.
        parts: name → object with ``state_dict`` / ``load_state_dict``.
        minutes: how often :meth:`save_sometimes` writes.
    """

    def __init__(self, folder: Path, parts: Mapping[str, Any], minutes: float = 4.0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file, self._log = folder / "state.pt", folder / "log.jsonl"
        self._parts, self._seconds, self._last = parts, minutes * 60, time.monotonic()

    def resume(self) -> int:
        """Load what an earlier run saved; returns the number of steps it had done (0: none)."""
        if not self._file.exists():
            return 0
        state = torch.load(self._file, weights_only=True, map_location="cpu")
        for name, part in self._parts.items():
            part.load_state_dict(state[name])
        return int(state["step"])

    def save(self, step: int) -> None:
        """Write the state after ``step`` steps, atomically."""
        scratch = self._file.with_suffix(".tmp")
        torch.save({"step": step, **{name: part.state_dict() for name, part in self._parts.items()}}, scratch)
        scratch.replace(self._file)
        self._last = time.monotonic()

    def save_sometimes(self, step: int) -> None:
        """:meth:`save` if the last save is long enough ago."""
        if time.monotonic() - self._last > self._seconds:
            self.save(step)

    def log(self, step: int, **figures: float) -> None:
        """Append a line of figures to ``log.jsonl``."""
        with self._log.open("a") as stream:
            row = {"step": step, **{name: round(float(value), 6) for name, value in figures.items()}}
            stream.write(json.dumps(row) + "\n")


def one_cycle(step: int, steps: int, warmup: int = 100, hold: float = 0.5) -> float:
    """The learning rate's factor: a warm-up, a plateau, then a cosine to zero.

    Args:
        warmup: steps of linear warm-up.
        hold: the share of the run after which the decay begins.
    """
    if step < warmup:
        return (step + 1) / warmup
    start = max(warmup, int(hold * steps))
    if step < start:
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - start) / max(1, steps - start))))
