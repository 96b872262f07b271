"""When the work ahead will be done: what is left of each kind of work, times how long that kind takes.

Rates are learnt while the work goes on. The time since the last event is that of the kind of work that is told next,
so that loading a model, inverting images, editing and scoring are told apart. A rate that is remembered from an earlier
run counts until a few seconds of the same work were seen.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Mapping

from diffex_cli.core.progress import ForeseeingProgress, Progress

_TRUSTED = 5.0
"""Seconds of a kind of work after which a remembered rate counts no more: the device may be another."""
_MEMORY = 240.0
"""Seconds of a kind of work after which half of what was seen is forgotten: the machine may have become busy."""


@dataclasses.dataclass
class _Seen:
    """How much of one kind of work was seen, and how long it took."""

    seconds: float = 0.0
    amount: float = 0.0

    def add(self, seconds: float, amount: float) -> None:
        self.seconds += seconds
        self.amount += amount
        if self.seconds > _MEMORY:
            self.seconds, self.amount = self.seconds / 2, self.amount / 2

    @property
    def rate(self) -> float | None:
        return self.seconds / self.amount if self.amount else None


class Forecast:
    """Hears of the work of a stage, also from several threads. A kind of work is any text.

    Args:
        remembered: seconds that one piece of a kind of work took in earlier runs.
        clock: seconds, of which only differences count.
    """

    def __init__(self, remembered: Mapping[str, float], clock: Callable[[], float] = time.monotonic) -> None:
        self._remembered = dict(remembered)
        self._clock = clock
        self._seen: dict[str, _Seen] = {}
        self._at_hand: dict[str, float] = {}
        self._phase_work: dict[str, float] = {}
        self._later: dict[str, float] = {}
        self._in_steps = False
        self._phase = ""
        self._last = clock()
        self._lock = threading.RLock()

    def expect(
        self,
        phase: str,
        work: Mapping[str, float],
        later: Mapping[str, float],
        progress: Progress,
        in_steps: bool = False,
    ) -> None:
        """A phase begins.

        Args:
            phase: e.g. ``level 2 of at most 3``.
            work: about how much it takes.
            later: about how much comes after it.
            in_steps: it will :meth:`start` its work in parts; otherwise once, and that is then known better than here.
        """
        with self._lock:
            self._phase, self._phase_work, self._later, self._in_steps = phase, dict(work), dict(later), in_steps
        self.tell(progress)

    def start(self, work: Mapping[str, float], progress: Progress) -> None:
        """Work begins now; what of an earlier start is not done yet will not be done."""
        with self._lock:
            self._at_hand, self._last = dict(work), self._clock()
            if not self._in_steps:
                self._phase_work = {kind: left for kind, left in self._phase_work.items() if kind not in work}
        self.tell(progress)

    def did(self, kind: str, amount: float, progress: Progress) -> None:
        """So much of a kind of work is done."""
        with self._lock:
            now = self._clock()
            self._seen.setdefault(kind, _Seen()).add(now - self._last, amount)
            self._last = now
        self.skip(kind, amount, progress)

    def skip(self, kind: str, amount: float, progress: Progress) -> None:
        """So much less of a kind of work is left; it took no time of its own."""
        with self._lock:
            for left in (self._at_hand, self._phase_work):
                if kind in left:
                    left[kind] = max(0.0, left[kind] - amount)
        self.tell(progress)

    @property
    def rates(self) -> dict[str, float]:
        """Seconds that one piece of each kind of work took, as far as it was seen."""
        rates = {kind: seen.rate for kind, seen in self._seen.items()}
        return {kind: rate for kind, rate in rates.items() if rate is not None}

    @property
    def seconds(self) -> float | None:
        """How long all that is left will take; ``None`` while the rate of most of it is unknown."""
        with self._lock:
            now, phase, later = self._at_hand, self._phase_work, self._later
            left = {
                kind: max(now.get(kind, 0.0), phase.get(kind, 0.0)) + later.get(kind, 0.0)
                for kind in now.keys() | phase.keys() | later.keys()
            }
            rates = {kind: self._rate(kind) for kind, amount in left.items() if amount}
            unknown = sum(left[kind] for kind, rate in rates.items() if rate is None)
            if not left or 2 * unknown > sum(left.values()):
                return None
            return sum(left[kind] * rate for kind, rate in rates.items() if rate is not None)

    def tell(self, progress: Progress) -> None:
        """Tell what is known now, if somebody wants to hear of it."""
        if isinstance(progress, ForeseeingProgress):
            progress.foresee(self._phase, self.seconds)

    def _rate(self, kind: str) -> float | None:
        seen, known = self._seen.get(kind, _Seen()), self._remembered.get(kind)
        if seen.rate is None or known is None:
            return known if seen.rate is None else seen.rate
        trust = min(1.0, seen.seconds / _TRUSTED)
        return trust * seen.rate + (1 - trust) * known
