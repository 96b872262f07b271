"""What racing and halving share: who competes, how images are measured, and what comes out."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffex_cli.search.statistics.confidence import radius
from diffex_cli.search.statistics.influence import Effect, order

Score: TypeAlias = Literal["influence", "reach"]
Status: TypeAlias = Literal["kept", "dropped"]
Request: TypeAlias = tuple[str, Sequence[int]]
"""A candidate's id, and indices of the images that it is to be measured on."""
Measure: TypeAlias = Callable[[Sequence[Request]], Mapping[str, NDArray[np.float64]]]
"""Requests, at most one a candidate → for each the Δ logits in the order of its indices, NaN where an edit failed."""

NOTHING_EDITED = "no image could be edited"
ERROR = 0.1
"""δ_conf, the error probability of all candidates' intervals together."""


class Panel(Protocol):
    """The N images of a search, and what the candidates do to them."""

    @property
    def images(self) -> Sequence[str]:
        """Their keys."""
        ...

    @property
    def order(self) -> Sequence[int]:
        """The one order in which every candidate gets them, a permutation of range(N)
        (:func:`~diffex_cli.search.algorithm.panel.panel_order`). Not asked for before something has to be chosen."""
        ...

    @property
    def measure(self) -> Measure:
        """See :data:`Measure`."""
        ...


def measured(measure: Measure, requests: Sequence[Request]) -> dict[str, NDArray[np.float64]]:
    """The answers by candidate.

    Raises:
        ValueError: one is missing, or of another shape than (indices,).
    """
    answers = measure(requests)
    found = {}
    for id, indices in requests:
        found[id] = np.asarray(answers.get(id), dtype=np.float64)
        if found[id].shape != (len(indices),):
            raise ValueError(f"asked for {len(indices)} deltas of {id!r}, got the shape {found[id].shape}")
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Entrant:
    """One candidate of a contest.

    Attributes:
        delta: δ, the least score that counts, in logits; ≥ 0.
        score: what it competes by: ``influence``, |mean Δ| (Eq. 1), or ``reach``, the mean of |Δ|.
        parent: the parent's score, which has to be exceeded; ``None`` for no such condition.
        against: 0, or the sign of the parent's effect: a candidate of the opposite one need not exceed it.
        whole: it is measured on all images, whatever its chances.
    """

    id: str
    delta: float
    score: Score = "influence"
    parent: float | None = None
    against: float = 0.0
    whole: bool = False

    def bar(self, sign: float) -> float:
        """The score below which a candidate of this sign is out, whoever else competes."""
        rival = self._rival(sign)
        return self.delta if rival is None else max(self.delta, rival)

    def fails(self, score: float, sign: float = 0.0) -> bool:
        """A score of this size is not enough; NaN never is."""
        rival = self._rival(sign)
        return not score >= self.delta or (rival is not None and not score > rival)

    def shortfall(self, what: str, score: float, sign: float = 0.0) -> str:
        """Why it is not, for people."""
        rival = self._rival(sign)
        if rival is not None and rival >= self.delta:
            return f"{what} {score:.3g} does not exceed its parent's {rival:.3g}"
        return f"{what} {score:.3g} is below δ = {self.delta:g}"

    def _rival(self, sign: float) -> float | None:
        return None if sign * self.against < 0 else self.parent


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Where one candidate stands, or ended.

    Attributes:
        deltas: shape (N,), in the images' own order: Δ logits; NaN where the edit failed or was not asked for.
        images: on how many images it was tried.
        score: its influence or reach on these; NaN if no edit succeeded.
        low: lower end of the score's interval (:func:`~diffex_cli.search.statistics.confidence.radius`), ≥ 0; equal to
            the score once all N images were tried.
        high: upper end; infinite while fewer than two edits succeeded.
        status: ``kept``, i.e. in the beam, or ``dropped``.
        decided: the interval alone says so; otherwise the score does, as the best estimate there is.
    """

    entrant: Entrant
    deltas: NDArray[np.float64]
    images: int
    score: float
    low: float
    high: float
    status: Status = "dropped"
    decided: bool = False
    reason: str = ""

    @property
    def n(self) -> int:
        """On how many images the edit succeeded."""
        return int(np.isfinite(self.deltas).sum())

    @property
    def sign(self) -> float:
        """That of the effect: 1, −1, or 0 if there is none."""
        total = math.fsum(self.deltas[np.isfinite(self.deltas)].tolist())
        return float(np.sign(total))

    @property
    def fails(self) -> bool:
        """Its score is not enough."""
        return self.entrant.fails(self.score, self.sign)

    @property
    def bar(self) -> float:
        """What it would have to exceed if there were places for all."""
        return self.entrant.bar(self.sign)

    @property
    def complete(self) -> bool:
        """It was tried on all images."""
        return self.images == len(self.deltas)

    @property
    def out(self) -> bool:
        """However the remaining images turn out, it cannot pass its own bar (but for the interval's error)."""
        against = self.entrant.against
        if not against or self.high == math.inf:
            return self.entrant.fails(self.high)
        effect, radius = self.sign * self.score, self.high - self.score
        return all(self.entrant.fails(effect * side + radius, side) for side in (1.0, -1.0))

    @property
    def after(self) -> str:
        """``6 of 48 images``."""
        return f"{self.images} of {len(self.deltas)} images"


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """How a contest ended.

    Attributes:
        standings: every candidate, the largest score first; ties by id, those without a score last.
        edits: how many (candidate, image) pairs were measured, failed ones included.
    """

    standings: tuple[Standing, ...]
    edits: int
    rounds: int

    @property
    def kept(self) -> tuple[str, ...]:
        """The ids of the candidates that were kept, the largest score first."""
        return tuple(one.entrant.id for one in self.standings if one.status == "kept")

    def __getitem__(self, id: str) -> Standing:
        """A candidate's standing."""
        for one in self.standings:
            if one.entrant.id == id:
                return one
        raise KeyError(id)


class Field:
    """All candidates of a contest, whatever their order, and what is known of them."""

    def __init__(self, entrants: Sequence[Entrant], order: Sequence[int], measure: Measure) -> None:
        if len({entrant.id for entrant in entrants}) != len(entrants):
            raise ValueError("a candidate occurs twice")
        if not all(0 <= entrant.delta < math.inf for entrant in entrants):
            raise ValueError("every candidate needs a finite δ ≥ 0")
        if not order or sorted(order) != list(range(len(order))):
            raise ValueError(f"the order of {len(order)} images must name each of them once")
        self._order = tuple(order)
        self._measure = measure
        self._alpha = ERROR / max(len(entrants), 1)
        unknown = np.full(len(order), math.nan)
        self._standings = {
            entrant.id: Standing(entrant, unknown, 0, math.nan, 0.0, math.inf)
            for entrant in sorted(entrants, key=lambda entrant: entrant.id)
        }
        self.edits = 0
        self.rounds = 0

    @property
    def panel(self) -> int:
        """N, the number of images."""
        return len(self._order)

    @property
    def standings(self) -> list[Standing]:
        """All, the largest score first; ties by id, those without a score last."""
        return sorted(self._standings.values(), key=lambda one: order(one.score, one.entrant.id))

    def advance(self, images: Mapping[str, int]) -> None:
        """Measure candidates, in one call, until each was tried on so many images (at most N)."""
        requests: list[Request] = []
        for id in sorted(images):
            begin, end = self._standings[id].images, min(images[id], self.panel)
            if begin < end:
                requests.append((id, self._order[begin:end]))
        if not requests:
            return
        answers = measured(self._measure, requests)
        self.rounds += 1
        for id, indices in requests:
            self.edits += len(indices)
            self._standings[id] = self._updated(self._standings[id], indices, answers[id])

    def _updated(self, old: Standing, indices: Sequence[int], values: NDArray[np.float64]) -> Standing:
        deltas = old.deltas.copy()
        deltas[list(indices)] = values
        effect = Effect(old.entrant.id, deltas)
        images = old.images + len(indices)
        score = effect.reach if old.entrant.score == "reach" else effect.influence
        low, high = 0.0, math.inf
        if images == self.panel:
            low = high = score
        elif effect.n > 1:
            # failed edits are no part of the panel that the mean is taken over
            panel = self.panel - (images - effect.n)
            half_width = radius(_spread(effect, old.entrant.score), effect.n, panel, self._alpha)
            low, high = max(0.0, score - half_width), score + half_width
        return Standing(old.entrant, effect.deltas, images, score, low, high)


def _spread(effect: Effect, score: Score) -> float:
    """The sample standard deviation of what the score is the mean of; independent of the images' order."""
    values: list[float] = effect.deltas[~np.isnan(effect.deltas)].tolist()
    mean = effect.effect
    if score == "reach":
        values, mean = [abs(value) for value in values], effect.reach
    return math.sqrt(math.fsum((value - mean) * (value - mean) for value in values) / (len(values) - 1))
