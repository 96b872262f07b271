"""Where time goes: nested spans, each charged only for what its inner spans did not take."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class Spans:
    """Seconds by label. A span's time is its *self time*: without the spans inside it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inner: list[float] = []

    @contextmanager
    def span(self, label: str) -> Iterator[None]:
        """Charge the block to ``label``."""
        self._inner.append(0.0)
        started = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - started
            inside = self._inner.pop()
            self.seconds[label] = self.seconds.get(label, 0.0) + took - inside
            if self._inner:
                self._inner[-1] += took

    @contextmanager
    def around(self, targets: Mapping[str, tuple[type, str]]) -> Iterator[None]:
        """Charge every call of these methods to their labels, inside the block.

        Args:
            targets: label → (class, name of one of its methods).
        """
        originals = {label: getattr(owner, name) for label, (owner, name) in targets.items()}
        for label, (owner, name) in targets.items():
            setattr(owner, name, self._timed(label, originals[label]))
        try:
            yield
        finally:
            for label, (owner, name) in targets.items():
                setattr(owner, name, originals[label])

    def _timed(self, label: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.span(label):
                return call(*args, **kwargs)

        return timed
